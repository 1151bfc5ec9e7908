import { Checkbox, makeStyles, ProgressBar, SearchBox, Spinner, Text, tokens } from "@fluentui/react-components";
import { type ReactNode, useState } from "react";
import { asProblem } from "../../api/problem";
import { ProblemMessage } from "../../components/ProblemMessage";
import { formatCount, formatMoney, formatNumber } from "../../format/format";
import { type Offer, useLicences } from "../useLicences";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  search: { maxWidth: "360px" },
  list: { listStyleType: "none", margin: 0, padding: 0 },
  item: {
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
  },
  row: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) 190px 130px",
    gap: tokens.spacingHorizontalM,
    alignItems: "center",
    "@media (max-width: 700px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  label: { display: "flex", flexDirection: "column", overflowWrap: "anywhere" },
  faint: { color: tokens.colorNeutralForeground3 },
  seats: {
    "@media (max-width: 700px)": { paddingLeft: "32px" },
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXXS,
  },
  price: { textAlign: "end", "@media (max-width: 700px)": { textAlign: "start", paddingLeft: "32px" } },
  more: { "@media (min-width: 700px)": { paddingLeft: "32px" } },
});

/** From so many licences on there is a search. */
const MANY = 12;

interface OfferListProps {
  label: string;
  chosen: ReadonlySet<string>;
  onToggle: (offer: Offer, on: boolean) => void;
  /** What stands below a licence that is chosen. */
  more?: (offer: Offer) => ReactNode;
}

/** The licences of the tenants that are meant, with seats left and price, to be ticked. */
export function OfferList({ label, chosen, onToggle, more }: OfferListProps) {
  const styles = useStyles();
  const { licences, left, asked, pending, error, retry } = useLicences();
  const [typed, setTyped] = useState("");
  const wanted = typed.trim().toLowerCase();
  const shown = licences.filter(
    ({ sku, name }) => chosen.has(sku) || name.toLowerCase().includes(wanted) || sku.toLowerCase().includes(wanted),
  );
  return (
    <div className={styles.root}>
      {error !== null && <ProblemMessage problem={asProblem(error)} onRetry={retry} />}
      {licences.length > MANY && (
        <SearchBox
          className={styles.search}
          aria-label={`Search ${label.toLowerCase()}`}
          placeholder="Search licences"
          value={typed}
          onChange={(_, data) => setTyped(data.value)}
        />
      )}
      {pending && <Spinner size="tiny" label="Loading licences …" />}
      <ul className={styles.list} aria-label={label}>
        {shown.map((offer) => (
          <li key={offer.sku} className={styles.item}>
            <div className={styles.row}>
              <Checkbox
                checked={chosen.has(offer.sku)}
                onChange={(_, data) => onToggle(offer, data.checked === true)}
                label={
                  <span className={styles.label}>
                    <span>{offer.name}</span>
                    <Text size={200} className={styles.faint}>
                      {offer.sku}
                      {offer.tenants < asked &&
                        ` · in ${formatCount(offer.tenants, "tenant")} of ${formatNumber(asked)}`}
                    </Text>
                  </span>
                }
              />
              <Seats offer={offer} />
              <Text size={200} className={styles.price}>
                {offer.price ? `${formatMoney(offer.price.amount, offer.price.currency)} a month` : "no price known"}
              </Text>
            </div>
            {more && chosen.has(offer.sku) && <div className={styles.more}>{more(offer)}</div>}
          </li>
        ))}
      </ul>
      {left > 0 && <Text size={200}>{`Of ${formatCount(left, "more tenant")} the licences are not listed here.`}</Text>}
    </div>
  );
}

function Seats({ offer: { name, available, total } }: { offer: Offer }) {
  const styles = useStyles();
  const used = total === 0 ? 0 : Math.min((total - available) / total, 1);
  return (
    <div className={styles.seats}>
      <Text size={200}>{`${formatNumber(available)} of ${formatCount(total, "seat")} left`}</Text>
      <ProgressBar
        value={used}
        thickness="large"
        color={total > 0 && available <= 0 ? "error" : used > 0.9 ? "warning" : "brand"}
        aria-label={`Seats of ${name} in use`}
      />
    </div>
  );
}
