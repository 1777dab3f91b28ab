{{- /* (dict root prefix values): one line NAME: base64 for each leaf that is not empty. Lists are joined by commas. */ -}}
{{- define "keywright.settings" -}}
{{- range $key, $value := .values -}}
{{- $name := printf "%s%s" $.prefix (upper $key) -}}
{{- if kindIs "map" $value -}}
{{- include "keywright.settings" (dict "root" $.root "prefix" (printf "%s__" $name) "values" $value) -}}
{{- else if kindIs "slice" $value -}}
{{- with join "," $value }}
{{ $name }}: {{ tpl . $.root | b64enc | quote }}
{{- end -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- /* Helm reads numbers as floats: 5432 must not become 5.432e+03. */ -}}
{{- $text := kindIs "float64" $value | ternary (printf "%v" (int64 (default 0 (kindIs "float64" $value | ternary $value 0)))) (toString $value) -}}
{{- with tpl $text $.root }}
{{ $name }}: {{ . | b64enc | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
