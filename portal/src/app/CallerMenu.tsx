import {
  Avatar,
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  mergeClasses,
  Text,
  tokens,
} from "@fluentui/react-components";
import { SignOutRegular } from "@fluentui/react-icons/svg/sign-out";
import { useQueryClient } from "@tanstack/react-query";
import { signInWith, useCredential } from "../api/session";
import type { Caller } from "../api/types";
import { formatCount } from "../format/format";
import { forgetDraft } from "../wizard/draft/stored";
import { nameOfRole } from "./role";

const useStyles = makeStyles({
  about: { display: "flex", flexDirection: "column", padding: tokens.spacingHorizontalM, maxWidth: "320px" },
  button: { gap: tokens.spacingHorizontalS },
  name: { overflowWrap: "anywhere" },
  faint: { color: tokens.colorNeutralForeground3 },
});

/** Who is signed in, with what right, and the way out. */
export function CallerMenu({ caller, className }: { caller: Caller; className: string }) {
  const styles = useStyles();
  const credential = useCredential();
  const client = useQueryClient();

  function signOut() {
    forgetDraft();
    if (credential === null) {
      window.location.assign(`/.auth/logout?post_logout_redirect_uri=${encodeURIComponent("/api/portal")}`);
      return;
    }
    signInWith(null);
    client.clear();
    window.location.assign("/api/portal");
  }

  return (
    <Menu positioning="below-end">
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="transparent"
          className={mergeClasses(styles.button, className)}
          icon={<Avatar size={28} aria-hidden />}
          iconPosition="after"
          aria-label={`Signed in as ${caller.name}`}
        >
          {caller.name}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <div className={styles.about}>
          <Text weight="semibold" className={styles.name}>
            {caller.name}
          </Text>
          <Text size={200}>{nameOfRole(caller.role)}</Text>
          <Text size={200} className={styles.faint}>
            {caller.tenants.includes("*") ? "All tenants" : formatCount(caller.tenants.length, "tenant")}
          </Text>
        </div>
        <MenuList>
          <MenuItem icon={<SignOutRegular />} onClick={signOut}>
            Sign out
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
