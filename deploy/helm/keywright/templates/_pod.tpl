{{- /* (dict root role values): the pod of a server or a worker. Server and worker differ in arguments and mounts only. */ -}}
{{- define "keywright.pod" -}}
{{- $root := .root -}}
{{- $role := .role -}}
{{- $my := .values -}}
{{- $global := $root.Values.global -}}
{{- $database := include "keywright.database" $root -}}
{{- $existing := $root.Values.authentik.existingSecret -}}
{{- $files := and $existing.secretName (eq $existing.as "files") -}}
metadata:
  labels:
    {{- include "keywright.labels" (list $root $my.name) | nindent 4 }}
    {{- with merge (deepCopy $my.podLabels) $global.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Pods are replaced when a setting changes.
    checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
    {{- with merge (deepCopy $my.podAnnotations) $global.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with $my.imagePullSecrets | default $global.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $my.serviceAccountName | default ($root.Values.serviceAccount.create | ternary (include "keywright.fullname" $root) "") }}
  serviceAccountName: {{ . }}
  {{- end }}
  automountServiceAccountToken: {{ kindIs "bool" $my.automountServiceAccountToken | ternary $my.automountServiceAccountToken false }}
  enableServiceLinks: false
  {{- with $global.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- $restricted := dict "runAsNonRoot" true "runAsUser" 1000 "runAsGroup" 1000 "fsGroup" 1000 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") }}
    {{- toYaml (mergeOverwrite $restricted (deepCopy $global.securityContext) (deepCopy $my.securityContext)) | nindent 4 }}
  {{- with $my.priorityClassName | default $global.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $my.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- $migrates := and $root.Values.migrate.allowed (eq $database "postgresql") (eq $role "server") }}
  {{- if or $my.initContainers $migrates }}
  initContainers:
    {{- with $my.initContainers }}
    {{- tpl (toYaml .) $root | nindent 4 }}
    {{- end }}
    {{- if $migrates }}
    - name: migrate
      args: [migrate, --yes]
      {{- include "keywright.container" (dict "root" $root "values" $my) | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $my.name }}
      args: [{{ $role }}]
      {{- include "keywright.container" (dict "root" $root "values" $my) | nindent 6 }}
      ports:
        {{- range $listener, $port := $my.containerPorts }}
        - {name: {{ $listener }}, containerPort: {{ $port }}, protocol: TCP}
        {{- end }}
      {{- range $probe := list "livenessProbe" "readinessProbe" "startupProbe" }}
      {{- with get $my $probe }}
      {{ $probe }}:
        {{- tpl (toYaml .) $root | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with $my.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $my.lifecycle }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- with $my.extraContainers }}
    {{- tpl (toYaml .) $root | nindent 4 }}
    {{- end }}
  {{- with $my.affinity | default (include "keywright.affinity" (list $root $my.name) | fromYaml) }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $my.nodeSelector | default $global.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $my.tolerations | default $global.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $my.topologySpreadConstraints | default $global.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $selector := dict "labelSelector" (dict "matchLabels" (include "keywright.selector" (list $root $my.name) | fromYaml)) }}
    - {{ merge (deepCopy .) $selector | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  {{- if $my.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with $my.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $my.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  volumes:
    {{- if eq $database "postgresql" }}
    # The certificate that HTTPS starts with; nothing that must last.
    - {name: data, emptyDir: {}}
    {{- else if not $root.Values.persistence.enabled }}
    # persistence.enabled is false: everything is gone with the pod.
    - {name: data, emptyDir: {}}
    {{- else }}
    - {name: data, persistentVolumeClaim: {claimName: {{ include "keywright.claim" $root }}}}
    {{- end }}
    {{- if $files }}
    - {name: settings, secret: {secretName: {{ $existing.secretName }}, defaultMode: 0440}}
    {{- end }}
    {{- range $root.Values.blueprints.configMaps }}
    - {name: blueprints-cm-{{ . }}, configMap: {name: {{ . }}}}
    {{- end }}
    {{- range $root.Values.blueprints.secrets }}
    - {name: blueprints-secret-{{ . }}, secret: {secretName: {{ . }}}}
    {{- end }}
    {{- with concat $global.volumes $my.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "keywright.claim" -}}
{{- default (printf "%s-data" (include "keywright.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{- /* (list root component): the preset of `global.affinity`. */ -}}
{{- define "keywright.affinity" -}}
{{- $preset := (first .).Values.global.affinity -}}
{{- $term := dict "labelSelector" (dict "matchLabels" (include "keywright.selector" . | fromYaml)) -}}
{{- $host := merge (dict "topologyKey" "kubernetes.io/hostname") $term -}}
{{- $zone := merge (dict "topologyKey" "topology.kubernetes.io/zone") $term -}}
{{- $affinity := dict -}}
{{- if eq $preset.podAntiAffinity "soft" -}}
{{- $_ := set $affinity "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $host))) -}}
{{- else if eq $preset.podAntiAffinity "hard" -}}
{{- $_ := set $affinity "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $host) "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $zone))) -}}
{{- end -}}
{{- with $preset.nodeAffinity.matchExpressions -}}
{{- if eq $preset.nodeAffinity.type "soft" -}}
{{- $_ := set $affinity "nodeAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 1 "preference" (dict "matchExpressions" .)))) -}}
{{- else if eq $preset.nodeAffinity.type "hard" -}}
{{- $_ := set $affinity "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" (list (dict "matchExpressions" .)))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $affinity -}}
{{- end -}}

{{- /* (dict root values): what the containers of a pod have in common: image, environment, locks and mounts. */ -}}
{{- define "keywright.container" -}}
{{- $root := .root -}}
{{- $my := .values -}}
{{- $global := $root.Values.global -}}
{{- $image := $my.image -}}
{{- $existing := $root.Values.authentik.existingSecret -}}
{{- $secret := or $root.Values.authentik.enabled $existing.secretName -}}
{{- $files := and $existing.secretName (eq $existing.as "files") -}}
{{- $reference := printf "%s:%s" (default $global.image.repository $image.repository) (coalesce $image.tag $global.image.tag $root.Chart.AppVersion) }}
{{- with coalesce $image.digest $global.image.digest }}
{{- $reference = printf "%s@%s" $reference . }}
{{- end }}
image: {{ $reference | quote }}
imagePullPolicy: {{ default $global.image.pullPolicy $image.pullPolicy }}
env:
  # A pod must not fall back to the other database because a name in a Secret is wrong.
  - name: KEYWRIGHT_DATABASE
    value: {{ include "keywright.database" $root }}
  - name: KEYWRIGHT_DATA_DIR
    value: /data
  {{- range $listener, $port := $my.containerPorts }}
  - name: AUTHENTIK_LISTEN__{{ upper $listener }}
    value: {{ printf "[::]:%v" $port | quote }}
  {{- end }}
  {{- if $files }}
  - name: KEYWRIGHT_SECRETS_DIR
    value: /run/secrets/keywright
  {{- end }}
  {{- with concat $global.env $my.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $from := concat $global.envFrom $my.envFrom }}
{{- if and $secret (not $files) }}
{{- $from = prepend $from (dict "secretRef" (dict "name" (include "keywright.secretName" $root))) }}
{{- end }}
{{- with $from }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- $locked := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
  {{- toYaml (mergeOverwrite $locked (deepCopy $my.containerSecurityContext)) | nindent 2 }}
volumeMounts:
  - {name: data, mountPath: /data}
  {{- if $files }}
  - {name: settings, mountPath: /run/secrets/keywright, readOnly: true}
  {{- end }}
  {{- range $root.Values.blueprints.configMaps }}
  - {name: blueprints-cm-{{ . }}, mountPath: /blueprints/mounted/cm-{{ . }}, readOnly: true}
  {{- end }}
  {{- range $root.Values.blueprints.secrets }}
  - {name: blueprints-secret-{{ . }}, mountPath: /blueprints/mounted/secret-{{ . }}, readOnly: true}
  {{- end }}
  {{- with concat $global.volumeMounts $my.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
