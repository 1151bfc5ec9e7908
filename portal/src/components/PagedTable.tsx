import { useCallback } from "react";
import { formatCount } from "../format/format";
import { Empty } from "./Empty";
import { QueryState } from "./QueryState";
import { type VirtualColumn, VirtualTable } from "./VirtualTable";

interface PagedTableProps<T> {
  label: string;
  /** What is asked for; completes "Loading …". */
  what: string;
  /** What is said where there is no row. */
  empty: string;
  /** Each row is a user. */
  columns: readonly VirtualColumn<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** The query of pages that the rows are of. */
  query: {
    error: unknown;
    isPending: boolean;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    refetch: () => Promise<unknown>;
    fetchNextPage: () => Promise<unknown>;
  };
}

/** Users by the hundred thousand, fetched page by page as they come near; or why there are none. */
export function PagedTable<T>({ label, what, empty, columns, rows, keyOf, query }: PagedTableProps<T>) {
  const { isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const isThere = rows.length > 0 || hasNextPage;
  return (
    <>
      <QueryState query={query} what={what} />
      {!isPending && !query.error && !isThere && <Empty title={empty} />}
      {isThere && (
        <VirtualTable
          label={label}
          columns={columns}
          rows={rows}
          keyOf={keyOf}
          hasMore={hasNextPage}
          loading={isFetchingNextPage}
          onMore={more}
          foot={`${formatCount(rows.length, "user")}${hasNextPage ? " loaded, more as you scroll" : ""}`}
        />
      )}
    </>
  );
}
