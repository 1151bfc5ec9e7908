import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  tokens,
} from "@fluentui/react-components";
import { QuestionCircleRegular } from "@fluentui/react-icons/svg/question-circle";
import { ShieldCheckmarkRegular } from "@fluentui/react-icons/svg/shield-checkmark";
import { ShieldErrorRegular } from "@fluentui/react-icons/svg/shield-error";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { chainQuery } from "../../api/audit";
import { asProblem } from "../../api/problem";
import type { Chain } from "../../api/types";
import { Mark } from "../../components/Mark";
import { formatCount, formatDateTime, formatNumber } from "../../format/format";

const useStyles = makeStyles({ message: { marginBottom: tokens.spacingVerticalL } });

/** The check of a tenant's chain: what is known so far, and how to begin it. It goes on part by part until it is done. */
export function useChain(tenant: string) {
  const query = useInfiniteQuery(chainQuery(tenant));
  const { hasNextPage, isFetching, error, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !error) void fetchNextPage({ cancelRefetch: false }); // a tenant has several of us
  }, [hasNextPage, isFetching, error, fetchNextPage]);
  return {
    chain: query.data?.pages.at(-1),
    error,
    isChecking: isFetching || (hasNextPage && !error),
    check: () => void query.refetch(),
  };
}

/** What was found, in one sentence. */
export function sentenceOf(chain: Chain | undefined, isChecking: boolean): string {
  const looked = formatCount(chain?.entries ?? 0, "entry", "entries");
  if (isChecking) return chain?.status === "unfinished" ? `Checking: ${looked} so far …` : "Checking …";
  if (chain === undefined) return "Not checked yet.";
  const anchored = chain.anchoredAt ? `, anchored ${formatDateTime(chain.anchoredAt)}` : ", not anchored yet";
  if (chain.status === "empty") return "It has no entries.";
  if (chain.status === "broken")
    return `From entry ${formatNumber(chain.firstBroken)} on it is not what was recorded (${looked} looked at).`;
  return `${looked}, each as it was recorded${anchored}.`;
}

/** Intact, broken, or not known. */
export function ChainBadge({ tenant }: { tenant: string }) {
  const { chain, error, isChecking } = useChain(tenant);
  if (isChecking) return <Spinner size="tiny" label="Checking" />;
  if (error) return <Mark color="warning" icon={<QuestionCircleRegular />} label="Not checked: refused" />;
  if (chain === undefined) return <Mark color="informative" icon={<QuestionCircleRegular />} label="Not checked" />;
  if (chain.status === "broken") return <Mark color="danger" icon={<ShieldErrorRegular />} label="Broken" />;
  if (chain.status === "empty") return <Mark color="subtle" icon={<ShieldCheckmarkRegular />} label="Empty" />;
  return <Mark color="success" icon={<ShieldCheckmarkRegular />} label="Intact" />;
}

function intentOf(chain: Chain | undefined, error: unknown): "info" | "success" | "error" {
  if (error || chain?.status === "broken") return "error";
  return chain === undefined ? "info" : "success";
}

/** The state of the chain of which entries are shown. */
export function ChainMessage({ tenant }: { tenant: string }) {
  const styles = useStyles();
  const { chain, error, isChecking, check } = useChain(tenant);
  return (
    <MessageBar intent={isChecking ? "info" : intentOf(chain, error)} className={styles.message}>
      <MessageBarBody>
        <MessageBarTitle>The chain of this tenant</MessageBarTitle>
        {error ? asProblem(error).detail : sentenceOf(chain, isChecking)}
      </MessageBarBody>
      <MessageBarActions>
        <Button size="small" disabled={isChecking} onClick={check}>
          {chain ? "Check again" : "Check it"}
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
