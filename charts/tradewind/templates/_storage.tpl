{{/* A claim of a StatefulSet. Takes name and persistence. */}}
{{- define "tradewind.claimTemplate" -}}
- metadata:
    name: {{ .name }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .persistence.storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests: { storage: {{ .persistence.size }} }
{{- end }}
