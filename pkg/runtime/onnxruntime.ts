/** ONNX Runtime, with its reports to its maker switched off before it is loaded: the only door to the library. */
import './no-telemetry.ts';

export * as ort from 'onnxruntime-node';
