import { useEffect } from "react";
import { useSearchParams } from "react-router";
import { STEPS, type Step } from "./Steps";

/** The step that stands in the view's address, for the back button and a reload; never one beyond `reach`. */
export function useStep(reach: Step): [Step, (to: Step) => void] {
  const [params, setParams] = useSearchParams();
  const named = Math.max(
    0,
    STEPS.findIndex((name) => name.toLowerCase() === params.get("step")),
  );
  const step = Math.min(named, reach) as Step;
  useEffect(() => {
    if (step !== named) setParams(paramsOf(step), { replace: true });
  }, [step, named, setParams]);
  return [step, (to) => setParams(paramsOf(to))];
}

function paramsOf(step: Step): Record<string, string> {
  return step === 0 ? {} : { step: STEPS[step].toLowerCase() };
}
