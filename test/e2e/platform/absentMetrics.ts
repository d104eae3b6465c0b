/** Metrics that rules ask for and that the throwaway cluster may not have, with the reason. */
export const absentHere: Record<string, string> = {};
