/** Operators of the default domain that models of ours and of the usual exporters need; none reads files, loops or calls out. */
const STANDARD: ReadonlySet<string> = new Set(
  `Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant ConstantOfShape Conv Cos CumSum Div Dropout
  Einsum Elu Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool Greater GreaterOrEqual HardSigmoid
  HardSwish Identity IsInf IsNaN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min Mod Mul Neg Not
  OneHot Or PRelu Pad Pow RNN Range Reciprocal ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
  Reshape Round Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu
  Tile TopK Transpose Trilu Unsqueeze Where Xor`.split(/\s+/),
);

/** Operators of classical machine learning. */
const CLASSICAL: ReadonlySet<string> = new Set(
  `ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier
  SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor`.split(/\s+/),
);

/** Whether an operator may be served. */
export function isAllowed(domain: string, opType: string): boolean {
  if (domain === '' || domain === 'ai.onnx') return STANDARD.has(opType);
  return domain === 'ai.onnx.ml' && CLASSICAL.has(opType);
}
