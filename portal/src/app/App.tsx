import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { Look } from "./Look";
import { queryClient } from "./queryClient";
import { router } from "./router";

/** The whole page: look, data and views. */
export function App() {
  return (
    <Look>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Look>
  );
}
