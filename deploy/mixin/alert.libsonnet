// How an alert is written down. `name` is without the prefix; `when` says its condition to people (docs only).
function(config) {
  local onNode = '{{ if $labels.node }} (node {{ $labels.node }}){{ end }}',
  local dashboards = {
    target: '/d/onedata-target?var-target={{ $labels.target | urlquery }}',
    exporter: '/d/onedata-exporter',
    fleet: '/d/onedata-fleet',
  },

  // What a table of `_config` says of an alert, or of its severity.
  local said(table, name, severity, otherwise) =
    local entry = std.get(table, name, otherwise);
    if std.isObject(entry) then entry[severity] else entry,

  // The target as an alert's text names it.
  subject:: '{{ $labels.target }}' + onNode,

  alert(name, severity, expr, when, summary, description, dashboard='target', labels={})::
    local after = said(config.after, name, severity, '');
    local keep = said(config.keep, name, severity, config.keepFiring);
    {
      alert: 'Onedata' + name,
      expr: expr,
      [if after != '' then 'for']: after,
      [if keep != '' then 'keep_firing_for']: keep,
      labels: { severity: severity } + labels,
      annotations: {
        summary: summary,
        description: description,
        runbook_url: config.runbookUrl % ('Onedata' + name),
        dashboard_url: config.grafanaUrl + dashboards[dashboard],
      },
      when:: when,
    },
}
