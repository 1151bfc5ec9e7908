import { useEffect, useState } from "react";

/** A value once it has been still for so long. */
export function useDebounced<T>(value: T, milliseconds = 400): T {
  const [still, setStill] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(() => value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return still;
}
