import {
  createDOMRenderer,
  FluentProvider,
  makeStyles,
  RendererProvider,
  webDarkTheme,
  webLightTheme,
} from "@fluentui/react-components";
import { type ReactNode, useSyncExternalStore } from "react";

// The Content-Security-Policy lets in the style elements that bear this answer's nonce, and no others.
const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const dark = window.matchMedia("(prefers-color-scheme: dark)");

const useStyles = makeStyles({
  // Not of the provider itself: menus and dialogs, which open outside of it, bear its class too and would cover the page.
  page: { height: "100dvh" },
});

/** Fluent UI's theme, light or dark as the user prefers it, and its styles under the page's nonce. */
export function Look({ children }: { children: ReactNode }) {
  const isDark = useSyncExternalStore(subscribe, () => dark.matches);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <Themed theme={isDark ? webDarkTheme : webLightTheme}>{children}</Themed>
    </RendererProvider>
  );
}

function Themed({ theme, children }: { theme: typeof webLightTheme; children: ReactNode }) {
  const styles = useStyles();
  return (
    <FluentProvider theme={theme}>
      <div className={styles.page}>{children}</div>
    </FluentProvider>
  );
}

function subscribe(listener: () => void): () => void {
  dark.addEventListener("change", listener);
  return () => dark.removeEventListener("change", listener);
}
