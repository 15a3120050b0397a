import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { DataTable, type Column } from "./DataTable";
import { ErrorBox, Loading } from "./Feedback";

/** What is shown of a list that comes in pages. */
export type PagedList = Pick<UseInfiniteQueryResult, "data" | "error" | "isPending" | "hasNextPage" | "isFetchingNextPage" | "refetch" | "fetchNextPage">;

interface Props<T> {
  label: string;
  list: PagedList;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  /** Stands in place of a list without rows. */
  empty: ReactNode;
}

/** A list with its states: loading, wrong, empty, there. */
export function Listing<T>({ label, list, rows, columns, rowKey, onOpen, empty }: Props<T>) {
  if (list.error && !list.data) return <ErrorBox error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) {
    return (
      <div className="card">
        <Loading />
      </div>
    );
  }
  if (rows.length === 0 && !list.hasNextPage) return <div className="card">{empty}</div>;
  return <DataTable label={label} columns={columns} rows={rows} rowKey={rowKey} onOpen={onOpen} more={list.hasNextPage} loadingMore={list.isFetchingNextPage} onEnd={() => void list.fetchNextPage()} />;
}
