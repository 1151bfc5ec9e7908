import { useSearchParams } from "react-router";

/** A view's filters, kept in its address: links and the back button bring them along. */
export function useSearch(): [(name: string) => string | undefined, (name: string, value: string | undefined) => void] {
  const [params, setParams] = useSearchParams();

  function set(name: string, value: string | undefined) {
    setParams((before) => {
      const after = new URLSearchParams(before);
      if (value === undefined || value === "") after.delete(name);
      else after.set(name, value);
      return after;
    });
  }

  return [(name) => params.get(name) ?? undefined, set];
}
