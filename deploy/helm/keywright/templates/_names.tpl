{{- /* Names, labels and which database: what every manifest needs. */ -}}

{{- define "keywright.name" -}}
{{- coalesce .Values.global.nameOverride .Values.nameOverride .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "keywright.fullname" -}}
{{- $given := coalesce .Values.global.fullnameOverride .Values.fullnameOverride -}}
{{- $name := include "keywright.name" . -}}
{{- $long := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $long $given | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* (list root component): the name of a component's objects. */ -}}
{{- define "keywright.component" -}}
{{- printf "%s-%s" (include "keywright.fullname" (first .)) (last .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "keywright.namespace" -}}
{{- default .Release.Namespace .Values.global.namespaceOverride -}}
{{- end -}}

{{- define "keywright.secretName" -}}
{{- default (include "keywright.fullname" .) .Values.authentik.existingSecret.secretName -}}
{{- end -}}

{{- /* (list root component): what selects the pods of a component. */ -}}
{{- define "keywright.selector" -}}
app.kubernetes.io/name: {{ include "keywright.name" (first .) | quote }}
app.kubernetes.io/instance: {{ (first .).Release.Name | quote }}
{{- with last . }}
app.kubernetes.io/component: {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* (list root component): all labels; the component may be empty. */ -}}
{{- define "keywright.labels" -}}
{{- $root := first . -}}
{{- $tag := default $root.Chart.AppVersion $root.Values.global.image.tag -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{ include "keywright.selector" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
app.kubernetes.io/part-of: "keywright"
app.kubernetes.io/version: {{ regexReplaceAll "[^A-Za-z0-9_.-]" $tag "-" | trunc 63 | trimAll "-_." | quote }}
{{- with $root.Values.global.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* "postgresql" or "embedded". */ -}}
{{- define "keywright.database" -}}
{{- $named := or .Values.authentik.postgresql.host .Values.authentik.existingSecret.secretName -}}
{{- range concat .Values.global.env .Values.server.env -}}
{{- if has .name (list "AUTHENTIK_POSTGRESQL__HOST" "KEYWRIGHT_POSTGRESQL__HOST") -}}{{- $named = true -}}{{- end -}}
{{- end -}}
{{- if eq .Values.database "auto" -}}
{{- empty $named | ternary "embedded" "postgresql" -}}
{{- else -}}
{{- .Values.database -}}
{{- end -}}
{{- end -}}

{{- /* Mistakes that would render, and then not work. */ -}}
{{- define "keywright.check" -}}
{{- $database := include "keywright.database" . -}}
{{- if ne .Values.authentik.web.path "/" -}}
{{- fail "authentik.web.path: only / is served by this version; give Keywright a host name of its own." -}}
{{- end -}}
{{- $own := and .Values.authentik.enabled (not .Values.authentik.existingSecret.secretName) -}}
{{- if dig "enabled" false (default dict .Values.postgresql) -}}
{{- fail "postgresql.enabled: this chart brings no PostgreSQL. Leave `database` at auto and `authentik.postgresql.host` empty for the embedded database, or name a PostgreSQL that you run." -}}
{{- end -}}
{{- if and (eq $database "embedded") (or (gt (int .Values.server.replicas) 1) .Values.server.autoscaling.enabled) -}}
{{- fail "server.replicas, server.autoscaling: the embedded database belongs to one pod. For more, set authentik.postgresql.host." -}}
{{- end -}}
{{- if and (eq $database "postgresql") $own -}}
{{- if not .Values.authentik.postgresql.host -}}
{{- $given := false -}}
{{- range concat .Values.global.env .Values.server.env -}}
{{- if has .name (list "AUTHENTIK_POSTGRESQL__HOST" "KEYWRIGHT_POSTGRESQL__HOST") -}}{{- $given = true -}}{{- end -}}
{{- end -}}
{{- if not (or $given .Values.global.envFrom) -}}{{- fail "authentik.postgresql.host: required with database: postgresql" -}}{{- end -}}
{{- end -}}
{{- $given := or .Values.authentik.secret_key .Values.global.envFrom -}}
{{- range .Values.global.env -}}
{{- if has .name (list "AUTHENTIK_SECRET_KEY" "KEYWRIGHT_SECRET_KEY" "AUTHENTIK_SECRET_KEY_FILE" "KEYWRIGHT_SECRET_KEY_FILE") -}}{{- $given = true -}}{{- end -}}
{{- end -}}
{{- if not $given -}}
{{- fail "authentik.secret_key: required with PostgreSQL, because all pods must share it. Make one with `openssl rand -base64 48`, or name a Secret in authentik.existingSecret.secretName." -}}
{{- end -}}
{{- end -}}
{{- end -}}
