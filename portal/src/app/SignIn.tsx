import { Button, Card, Field, Input, makeStyles, Text, Title2, tokens } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { asProblem } from "../api/problem";
import { ME } from "../api/queries";
import { credentialOf, offeredSignIns, signInWith, useCredential } from "../api/session";
import { ProblemMessage } from "../components/ProblemMessage";

const useStyles = makeStyles({
  card: {
    maxWidth: "440px",
    margin: `${tokens.spacingVerticalXXXL} auto`,
    padding: tokens.spacingHorizontalXXL,
    gap: tokens.spacingVerticalL,
  },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
});

/** Asks who the user is, by the ways that the app told with the page; `error` is why nobody is known. */
export function SignIn({ error }: { error: unknown }) {
  const styles = useStyles();
  const offered = offeredSignIns();
  const credential = useCredential();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const problem = asProblem(error);
  // Nobody tried anything yet: that a caller is needed is what this very form says.
  const silent = problem.status === 401 && credential === null;
  const what = offered.has("token") ? "API key or access token" : "API key";

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    signInWith(credentialOf(text));
    void client.resetQueries({ queryKey: ME });
  }

  return (
    <Card className={styles.card}>
      <title>Sign in – Bulk licences</title>
      <Title2 as="h1">Sign in</Title2>
      {!silent && <ProblemMessage problem={problem} />}
      {offered.has("platform") && (
        <Button
          as="a"
          appearance="primary"
          href={`/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(window.location.pathname + window.location.search)}`}
        >
          Sign in with Microsoft
        </Button>
      )}
      <form onSubmit={submit} className={styles.form}>
        <Field label={what} hint="It is kept in this tab until you close it or sign out, and nowhere else.">
          <Input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(_, data) => setText(data.value)}
          />
        </Field>
        <Button
          type="submit"
          appearance={offered.has("platform") ? "secondary" : "primary"}
          disabled={text.trim() === ""}
        >
          Sign in with it
        </Button>
      </form>
      {offered.has("token") && !offered.has("platform") && (
        <Text size={200}>On a local stack “make up” prints both an API key and the command that gets a token.</Text>
      )}
    </Card>
  );
}
