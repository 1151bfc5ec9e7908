import { Button } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons/svg/arrow-download";
import { useMutation } from "@tanstack/react-query";
import type { Answer } from "../api/client";
import { saveCsv } from "../api/csv";
import { useToast } from "./useToast";

/** Saves what a list shows, all of it, as a CSV. */
export function CsvButton({ ask }: { ask: () => Promise<Answer<Blob>> }) {
  const toast = useToast();
  const saving = useMutation({
    mutationFn: () => saveCsv(ask()),
    onError: (error) => toast.refused("The CSV was not saved", error),
  });
  return (
    <Button icon={<ArrowDownloadRegular />} disabled={saving.isPending} onClick={() => saving.mutate()}>
      {saving.isPending ? "Preparing the CSV …" : "Download CSV"}
    </Button>
  );
}
