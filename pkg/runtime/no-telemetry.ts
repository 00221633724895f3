/**
 * Builds of ONNX Runtime report use to their maker and keep an identifier in the home folder, unless the environment says
 * no when the library is loaded. A trading system reports to nobody. Two names: releases differ in the one they read.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
process.env['ORT_TELEMETRY_DISABLED'] = '1';
