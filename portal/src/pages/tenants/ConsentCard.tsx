import { Button, Field, Input, Link, makeStyles, Text } from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons/svg/copy";
import { LinkRegular } from "@fluentui/react-icons/svg/link";
import { useMutation, useQuery } from "@tanstack/react-query";
import { asProblem, Problem } from "../../api/problem";
import { askConsent, tenantQuery } from "../../api/tenants";
import type { ConsentLink, Tenant } from "../../api/types";
import { ProblemMessage } from "../../components/ProblemMessage";
import { SectionCard } from "../../components/SectionCard";
import { useToast } from "../../components/useToast";
import { formatDateTime } from "../../format/format";

const WAITING_MS = 5_000;

const useStyles = makeStyles({
  button: { alignSelf: "start" },
});

/** Whether the tenant has let the app in, and the link by which its administrator does. */
export function ConsentCard({ tenant }: { tenant: Tenant }) {
  const styles = useStyles();
  const asking = useMutation({ mutationFn: () => askConsent(tenant.tenantId) });
  const isMissing = tenant.consent === "missing";
  // The administrator answers elsewhere; their consent is seen here as soon as it is given.
  useQuery({ ...tenantQuery(tenant.tenantId), refetchInterval: asking.data && isMissing ? WAITING_MS : false });
  return (
    <SectionCard title="Consent">
      <Text>
        {isMissing
          ? "The app cannot read this tenant. An administrator of the tenant must open a link and consent; until then operations on it are refused."
          : "The app can read this tenant. A new link asks for its permissions once more, for instance after they have grown."}
      </Text>
      {asking.error && <ProblemMessage problem={asProblem(asking.error)} />}
      {asking.data && <Given link={asking.data} />}
      <Button
        className={styles.button}
        appearance={isMissing && !asking.data ? "primary" : "secondary"}
        icon={<LinkRegular />}
        disabled={asking.isPending}
        onClick={() => asking.mutate()}
      >
        {asking.data ? "Make a new link" : "Make a consent link"}
      </Button>
    </SectionCard>
  );
}

function Given({ link }: { link: ConsentLink }) {
  const toast = useToast();

  async function copy() {
    try {
      await navigator.clipboard.writeText(link.url);
      toast.done("The link was copied");
    } catch {
      const detail = "The browser does not allow it. Copy it from its field.";
      toast.refused("The link was not copied", new Problem({ status: 0, title: "Not allowed", detail }));
    }
  }

  return (
    <>
      <Field
        label="Link for the tenant's administrator"
        hint={`It can be used once, until ${formatDateTime(link.expiresAt)}. A link made before it does not work any more.`}
      >
        <Input
          readOnly
          value={link.url}
          onFocus={(event) => event.currentTarget.select()}
          contentAfter={
            <Button appearance="transparent" size="small" icon={<CopyRegular />} onClick={() => void copy()}>
              Copy
            </Button>
          }
        />
      </Field>
      <Link href={link.url} target="_blank" rel="noreferrer">
        Open it, as the administrator
      </Link>
    </>
  );
}
