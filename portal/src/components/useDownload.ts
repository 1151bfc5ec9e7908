import { useState } from "react";
import { download } from "../api/download";
import { useToast } from "./useToast";

/** Saves a file of the API; true while it comes, and a corner says why where it does not. */
export function useDownload(): [boolean, (path: string, name: string) => void] {
  const [saving, setSaving] = useState(false);
  const toast = useToast();

  function save(path: string, name: string) {
    setSaving(true);
    download(path, name)
      .catch((error: unknown) => toast.refused(`${name} could not be loaded`, error))
      .finally(() => setSaving(false));
  }

  return [saving, save];
}
