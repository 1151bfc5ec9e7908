import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import { CheckmarkCircleRegular } from "@fluentui/react-icons/svg/checkmark-circle";
import { PauseCircleRegular } from "@fluentui/react-icons/svg/pause-circle";
import { WarningRegular } from "@fluentui/react-icons/svg/warning";
import type { Tenant } from "../../api/types";
import { Mark } from "../../components/Mark";
import { NOTHING } from "../../format/format";

const useStyles = makeStyles({
  tags: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
  // A tag may be long: it goes on in a second line rather than out of its frame.
  tag: { height: "auto", minHeight: "24px", overflowWrap: "anywhere" },
});

/** Whether the app can read the tenant's directory. */
export function ConsentBadge({ consent }: { consent: Tenant["consent"] }) {
  return consent === "granted" ? (
    <Mark label="Granted" color="success" icon={<CheckmarkCircleRegular />} />
  ) : (
    <Mark label="Missing" color="warning" icon={<WarningRegular />} />
  );
}

/** Whether operations may be started in it. */
export function EnabledBadge({ enabled }: { enabled: boolean }) {
  return enabled ? (
    <Mark label="Allowed" color="brand" icon={<CheckmarkCircleRegular />} />
  ) : (
    <Mark label="Disabled" color="informative" icon={<PauseCircleRegular />} />
  );
}

export function Tags({ tags }: { tags: readonly string[] }) {
  const styles = useStyles();
  if (tags.length === 0) return NOTHING;
  return (
    <span className={styles.tags}>
      {tags.map((tag) => (
        <Badge key={tag} className={styles.tag} appearance="outline" shape="rounded" size="large" color="informative">
          {tag}
        </Badge>
      ))}
    </span>
  );
}
