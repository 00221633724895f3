/** Metric by which a predictor pod says how much it works on, and which `spec.serving.targetInFlight` is a target of. */
export const IN_FLIGHT_METRIC = 'tradewind_requests_in_flight';
