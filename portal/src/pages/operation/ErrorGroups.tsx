import { MessageBar, MessageBarBody, MessageBarTitle, makeStyles, tokens } from "@fluentui/react-components";
import type { Operation } from "../../api/types";
import { labelOfCode } from "../../components/codes";
import { SectionCard } from "../../components/SectionCard";
import { formatCount } from "../../format/format";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  body: { overflowWrap: "anywhere" },
});

/** Users that failed, by what went wrong, with what to do about it. */
export function ErrorGroups({ operation: { errors } }: { operation: Operation }) {
  const styles = useStyles();
  if (errors.length === 0) return null;
  return (
    <SectionCard title="What failed, and what to do">
      <div className={styles.list}>
        {errors.map(({ code, count, message, sample }) => (
          <MessageBar key={code} intent="error" layout="multiline">
            <MessageBarBody className={styles.body}>
              <MessageBarTitle>{`${labelOfCode(code)}: ${formatCount(count, "user")}`}</MessageBarTitle>
              {message}
              {sample.length > 0 && <div>{`${count > sample.length ? "Such as " : ""}${sample.join(", ")}`}</div>}
            </MessageBarBody>
          </MessageBar>
        ))}
      </div>
    </SectionCard>
  );
}
