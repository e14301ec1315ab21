// How an alert is written down. `name` is without the prefix; `when` says its condition to people (docs only).
// `source` is set for an alert about a target, which carries that target's labels (expressions.libsonnet).
function(config) {
  local q = (import 'expressions.libsonnet')(config),
  local onNode = '{{ if $labels.node }} (node {{ $labels.node }}){{ end }}',
  local ofTarget = '{{ $labels.target | urlquery }}',
  local dashboards = {
    target: '/d/onedata-target?var-target=' + ofTarget,
    exporter: '/d/onedata-exporter',
    fleet: '/d/onedata-fleet',
    federation: '/d/onedata-federation',
  },
  // A path is escaped unlike a query: a space is no plus sign.
  local pages = { target: '/targets/{{ $labels.target | urlquery | reReplaceAll "[+]" "%20" }}' },
  local base(url) = std.rstripChars(url, '/'),

  // The entry of a table of `_config` for an alert, or for its severity.
  local entryOf(table, name, severity, otherwise) =
    local entry = std.get(table, name, otherwise);
    if std.isObject(entry) then entry[severity] else entry,

  // The target as an alert's text names it.
  subject:: '{{ $labels.target }}' + onNode,

  alert(name, severity, expr, when, summary, description, dashboard='target', labels={}, source='')::
    local after = entryOf(config.after, name, severity, '');
    local keep = entryOf(config.keep, name, severity, config.keepFiring);
    {
      alert: 'Onedata' + name,
      expr: if source == '' then expr else q.labelled(expr, source),
      [if after != '' then 'for']: after,
      [if keep != '' then 'keep_firing_for']: keep,
      labels: { severity: severity } + labels,
      annotations: {
        summary: summary,
        description: description,
        [if config.runbookUrl != '' then 'runbook_url']: config.runbookUrl % ('Onedata' + name),
        [if config.grafanaUrl != '' then 'dashboard_url']: base(config.grafanaUrl) + dashboards[dashboard],
        [if config.exporterUrl != '' then 'exporter_url']: base(config.exporterUrl) + std.get(pages, dashboard, '/'),
        [if config.exporterUrl != '' && dashboard == 'target' then 'incidents_url']:
          base(config.exporterUrl) + '/incidents?target=' + ofTarget,
      },
      when:: when,
    },
}
