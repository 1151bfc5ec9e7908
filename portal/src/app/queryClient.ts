import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import { ME } from "../api/queries";

const TRIES = 2;

/** What the page knows of the API. What is refused is not asked again; what does not answer is, a few times. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      // Signed out meanwhile: whoever shows the page asks who is there, and offers to sign in again.
      if (isSignedOut(error) && query.queryKey[0] !== ME[0]) void queryClient.resetQueries({ queryKey: ME });
    },
  }),
  defaultOptions: {
    queries: {
      retry: (count, error) => count < TRIES && !(error instanceof Problem && error.status < 500),
      staleTime: 5_000,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

export function isSignedOut(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
