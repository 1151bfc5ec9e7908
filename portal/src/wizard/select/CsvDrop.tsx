import {
  Button,
  Link,
  MessageBar,
  MessageBarBody,
  makeStyles,
  mergeClasses,
  Text,
  tokens,
} from "@fluentui/react-components";
import { ArrowUploadRegular } from "@fluentui/react-icons/svg/arrow-upload";
import { CheckmarkCircleRegular } from "@fluentui/react-icons/svg/checkmark-circle";
import { type DragEvent, useRef, useState } from "react";
import { saveCsv } from "../../api/csv";
import { templateCsv } from "../../api/directory";
import type { Fault } from "../../api/types";
import { useToast } from "../../components/useToast";
import { formatCount } from "../../format/format";
import { useDraft } from "../DraftContext";
import { columnsOf, lineOf, MAX_CSV_BYTES, rowsOf, textOf } from "../draft/csv";
import type { CsvFile } from "../draft/model";
import type { Count } from "../useWhom";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  zone: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingVerticalXXL,
    border: `2px dashed ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusLarge,
    textAlign: "center",
  },
  over: { backgroundColor: tokens.colorBrandBackground2, borderTopColor: tokens.colorBrandStroke1 },
  input: { display: "none" },
  file: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  name: { overflowWrap: "anywhere" },
  lines: {
    width: "100%",
    borderCollapse: "collapse",
    "& td, & th": { textAlign: "start", verticalAlign: "top", padding: tokens.spacingVerticalXS },
  },
  frame: { maxHeight: "320px", overflowY: "auto", border: `1px solid ${tokens.colorNeutralStroke2}` },
  number: { width: "56px", fontVariantNumeric: "tabular-nums" },
  code: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
  good: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusSuccessForeground1,
  },
});

/** A CSV dropped or chosen, checked line by line before anything is sent to be done. */
export function CsvDrop({ count }: { count: Count }) {
  const styles = useStyles();
  const { draft, dispatch } = useDraft();
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const toast = useToast();
  const { csv } = draft.people;

  async function take(file: File | undefined) {
    if (file === undefined) return;
    try {
      const text = file.size > MAX_CSV_BYTES ? null : textOf(new Uint8Array(await file.arrayBuffer()));
      setRefused(text === null ? whyNot(file) : null);
      dispatch({ do: "people", change: { csv: text === null ? null : { name: file.name, text } } });
    } catch {
      setRefused(`${file.name} could not be read: it was moved, or another program holds it.`);
    }
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  }

  function template() {
    saveCsv(templateCsv(draft.kind)).catch((error: unknown) => toast.refused("The template was not saved", error));
  }

  return (
    <div className={styles.root}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, which does the same by keyboard */}
      <div
        className={mergeClasses(styles.zone, over && styles.over)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Text>Drop a CSV file here, or</Text>
        <Button icon={<ArrowUploadRegular />} onClick={() => input.current?.click()}>
          Choose a file
        </Button>
        <input
          ref={input}
          className={styles.input}
          type="file"
          accept=".csv,.txt,text/csv"
          tabIndex={-1}
          aria-label="CSV file"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        <Text size={200}>Columns UserPrincipalName, LicenseSKU, DisabledPlans and, for several tenants, Tenant.</Text>
        <Link as="button" onClick={template}>
          Get a template
        </Link>
      </div>
      {refused && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>{refused}</MessageBarBody>
        </MessageBar>
      )}
      {csv && (
        <>
          <div className={styles.file}>
            <Text weight="semibold" className={styles.name}>
              {csv.name}
            </Text>
            <Text size={200}>
              {formatCount(rowsOf(csv), "row")} · {columnsOf(csv).join(", ")}
            </Text>
            <Button size="small" appearance="subtle" onClick={() => dispatch({ do: "people", change: { csv: null } })}>
              Remove
            </Button>
          </div>
          <Checked csv={csv} count={count} />
        </>
      )}
    </div>
  );
}

function whyNot(file: File): string {
  return file.size > MAX_CSV_BYTES
    ? `${file.name} is larger than 20 MB: split it.`
    : `${file.name} is no CSV. In Excel save it as “CSV UTF-8”.`;
}

function Checked({ csv, count }: { csv: CsvFile; count: Count }) {
  const styles = useStyles();
  if (count.state === "counting") return <Text>Checking each line …</Text>;
  if (count.state === "known") {
    return (
      <div className={styles.good}>
        <CheckmarkCircleRegular fontSize={20} />
        <Text>Every line can be read.</Text>
      </div>
    );
  }
  const faults = count.problem?.faults.filter(({ line }) => line) ?? [];
  return faults.length > 0 ? <Faults csv={csv} faults={faults} /> : null;
}

function Faults({ csv, faults }: { csv: CsvFile; faults: Fault[] }) {
  const styles = useStyles();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={styles.frame} tabIndex={0} aria-label="Lines with faults">
      <table className={styles.lines}>
        <thead>
          <tr>
            <th className={styles.number}>Line</th>
            <th>What stands there</th>
            <th>What is wrong</th>
          </tr>
        </thead>
        <tbody>
          {faults.map(({ line, detail }) => (
            <tr key={`${line}|${detail}`}>
              <td className={styles.number}>{line}</td>
              <td className={styles.code}>{lineOf(csv, line ?? 0)}</td>
              <td>{detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
