{{- define "levee.name" -}}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{- end -}}
{{- define "levee.labels" -}}
app.kubernetes.io/name: levee
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
