import { Button, makeStyles, NavDrawer, NavDrawerBody, NavItem, Toaster, tokens } from "@fluentui/react-components";
import { Navigation24Regular } from "@fluentui/react-icons/svg/navigation";
import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { Outlet, useLocation, useNavigate } from "react-router";
import { meQuery } from "../api/queries";
import type { Caller } from "../api/types";
import { Loading } from "../components/Loading";
import { hrefOf } from "../components/RouterLink";
import { TOASTER } from "../components/useToast";
import { CallerMenu } from "./CallerMenu";
import { PLACES, placeOf } from "./navigation";
import { includes } from "./role";
import { SignIn } from "./SignIn";

const NARROW = "(max-width: 900px)";
const MAIN = "main";

const useStyles = makeStyles({
  shell: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr)",
    gridTemplateRows: "48px minmax(0, 1fr)",
    height: "100%",
    backgroundColor: tokens.colorNeutralBackground3,
  },
  header: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    padding: `0 ${tokens.spacingHorizontalM}`,
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
  },
  brand: { fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold, flexGrow: 1 },
  onBrand: {
    color: tokens.colorNeutralForegroundOnBrand,
    "&:hover": { color: tokens.colorNeutralForegroundOnBrand, backgroundColor: tokens.colorBrandBackgroundHover },
    "&:hover:active": {
      color: tokens.colorNeutralForegroundOnBrand,
      backgroundColor: tokens.colorBrandBackgroundPressed,
    },
  },
  skip: {
    position: "absolute",
    left: tokens.spacingHorizontalS,
    top: "-48px",
    zIndex: 10,
    padding: tokens.spacingHorizontalS,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    "&:focus": { top: tokens.spacingVerticalXS },
  },
  below: { display: "flex", minHeight: 0 },
  nav: { minWidth: "232px", width: "232px", height: "100%", paddingTop: tokens.spacingVerticalS },
  main: {
    flexGrow: 1,
    minWidth: 0,
    overflow: "auto",
    padding: `${tokens.spacingVerticalXXL} ${tokens.spacingHorizontalXXXL}`,
    [`@media ${NARROW}`]: { padding: tokens.spacingHorizontalL },
  },
});

/** Header, left navigation and the view; who is not signed in is asked to be. */
export function Shell() {
  const styles = useStyles();
  const me = useQuery(meQuery());
  const narrow = useMatches(NARROW);
  const [open, setOpen] = useState(!narrow);
  useEffect(() => setOpen(!narrow), [narrow]);

  return (
    <div className={styles.shell}>
      <header className={styles.header}>
        <a className={styles.skip} href={`#${MAIN}`}>
          Skip to the content
        </a>
        {me.data && (
          <Button
            appearance="transparent"
            className={styles.onBrand}
            icon={<Navigation24Regular />}
            aria-label="Navigation"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          />
        )}
        <div className={styles.brand}>Bulk licences</div>
        {me.data && <CallerMenu caller={me.data} className={styles.onBrand} />}
      </header>
      {me.data ? (
        <Inside caller={me.data} narrow={narrow} open={open} onOpenChange={setOpen} />
      ) : me.isPending ? (
        <main id={MAIN}>
          <Loading what="who you are" />
        </main>
      ) : (
        <main id={MAIN} className={styles.main}>
          <SignIn error={me.error} />
        </main>
      )}
      <aside aria-label="Notifications">
        <Toaster toasterId={TOASTER} position="bottom-end" inline />
      </aside>
    </div>
  );
}

interface InsideProps {
  caller: Caller;
  narrow: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

function Inside({ caller, narrow, open, onOpenChange }: InsideProps) {
  const styles = useStyles();
  const navigate = useNavigate();
  const here = placeOf(useLocation().pathname);
  const places = PLACES.filter(({ role }) => includes(caller.role, role));
  return (
    <div className={styles.below}>
      <NavDrawer
        className={styles.nav}
        open={open}
        type={narrow ? "overlay" : "inline"}
        selectedValue={here?.path ?? ""}
        onOpenChange={(_, data) => onOpenChange(data.open)}
        aria-label="Pages"
        role={narrow ? "dialog" : "navigation"}
      >
        <NavDrawerBody>
          {places.map(({ path, label, icon: Icon, iconOfHere: IconOfHere }) => (
            <NavItem
              key={path}
              as="a"
              href={hrefOf(path)}
              value={path}
              icon={path === here?.path ? <IconOfHere /> : <Icon />}
              aria-current={path === here?.path ? "page" : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                if (narrow) onOpenChange(false);
                void navigate(path);
              }}
            >
              {label}
            </NavItem>
          ))}
        </NavDrawerBody>
      </NavDrawer>
      <main id={MAIN} className={styles.main} tabIndex={-1}>
        <Suspense fallback={<Loading what="the view" />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}

function useMatches(media: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(media).matches);
  useEffect(() => {
    const list = window.matchMedia(media);
    const listener = () => setMatches(list.matches);
    list.addEventListener("change", listener);
    return () => list.removeEventListener("change", listener);
  }, [media]);
  return matches;
}
