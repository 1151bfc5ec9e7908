import { Fragment } from "react";

/** A principal name, domain or name of a plan, which goes on in the next line after its dots rather than amid a word. */
export function Breakable({ text }: { text: string }) {
  const parts = text.split(/(?<=[@._])/);
  return parts.map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts are of one text, and only their place tells them apart
    <Fragment key={place}>
      {part}
      <wbr />
    </Fragment>
  ));
}
