import { Badge, type BadgeProps, makeStyles } from "@fluentui/react-components";
import type { JSX } from "react";

const useStyles = makeStyles({ root: { whiteSpace: "nowrap" } });

interface MarkProps {
  label: string;
  color: NonNullable<BadgeProps["color"]>;
  icon: JSX.Element;
}

/** A state in one or two words, with a sign besides its colour. */
export function Mark({ label, color, icon }: MarkProps) {
  return (
    <Badge className={useStyles().root} appearance="tint" shape="rounded" size="large" color={color} icon={icon}>
      {label}
    </Badge>
  );
}
