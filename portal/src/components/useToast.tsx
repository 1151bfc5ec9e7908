import { Toast, ToastBody, ToastTitle, useToastController } from "@fluentui/react-components";
import { asProblem } from "../api/problem";

export const TOASTER = "toaster";

/** Says in a corner how something went that the user set going. */
export function useToast() {
  const { dispatchToast } = useToastController(TOASTER);
  return {
    done(title: string) {
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
        </Toast>,
        { intent: "success" },
      );
    },
    refused(title: string, error: unknown) {
      const problem = asProblem(error);
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          <ToastBody>{problem.detail}</ToastBody>
        </Toast>,
        { intent: "error", timeout: 10_000 },
      );
    },
  };
}
