import { Empty } from "../components/Empty";
import { PageHeader } from "../components/PageHeader";
import { RouterLink } from "../components/RouterLink";

/** A link that leads to no view. */
export function NotFound() {
  return (
    <>
      <PageHeader title="There is no such page" />
      <Empty title="Nothing is here" action={<RouterLink to="/operations">Go to the operations</RouterLink>}>
        The link may be mistyped or of another version of this app.
      </Empty>
    </>
  );
}
