import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";

interface CancelDialogProps {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** Asks once more, as there is no way back into a cancelled operation. */
export function CancelDialog({ open, onClose, onConfirm }: CancelDialogProps) {
  return (
    <Dialog open={open} onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Cancel the operation?</DialogTitle>
          <DialogContent>
            What was sent is recorded and stays; the rest is left alone. A cancelled operation does not go on, but what
            it did can be reverted.
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Keep it going</Button>
            <Button appearance="primary" onClick={onConfirm}>
              Cancel the operation
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
