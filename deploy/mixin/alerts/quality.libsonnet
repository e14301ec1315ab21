// Paths that work, but not well.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);

  // More than half of the exporters measure more than the limit. The value is the highest.
  local most(name, limit) = |||
    max by (job, target, node) (%(name)s)
    and on (job, target, node) avg by (job, target, node) (%(name)s > bool %(limit)g) > 0.5
  ||| % { name: name, limit: limit };

  // Of each exporter: at least so many, or as many as half of the rounds that its interval foresees in the window.
  local units = { s: 1, m: 60, h: 3600 };
  local windowSeconds =
    std.parseInt(config.latencyWindow[:std.length(config.latencyWindow) - 1]) *
    units[config.latencyWindow[std.length(config.latencyWindow) - 1]];
  local enough(count) =
    '(%(count)s >= %(least)d or %(count)s * on (job, instance, target) group_left () %(interval)s >= %(half)d)' % {
      count: count,
      least: config.latencyMinimumObservations,
      interval: q.highestBy('job, instance, target', 'onedata_poll_interval_seconds'),
      half: windowSeconds / 2,
    };

  local requests = 'onedata_onepanel_request_duration_seconds';
  local onProxy = 'operation="configuration",path="proxy"';
  local sums(name, how, labels) =
    'sum by (%s) (%s(%s[%s]))' % [labels, how, q.metric(name, onProxy), config.latencyWindow];
  // Recorded for each exporter, where it has enough observations.
  local quantile = 'job_instance_target_node:onedata_proxy_configuration_seconds:p95';
  local added = 'job_instance_target_node:onedata_proxy_overhead_seconds:avg';
  local overhead = 'onedata_proxy_overhead_seconds';
  local records = [
    {
      record: quantile,
      expr: |||
        histogram_quantile(0.95, %s)
        and on (job, instance, target, node) %s
      ||| % [
        sums(requests + '_bucket', 'rate', 'job, instance, target, node, le'),
        enough(sums(requests + '_count', 'increase', 'job, instance, target, node')),
      ],
    },
    {
      record: added,
      expr: |||
        avg_over_time(%s[%s])
        and on (job, instance, target) %s
      ||| % [
        q.metric(overhead),
        config.latencyWindow,
        enough(
          'max by (job, instance, target) (increase(%s[%s]))' %
          [q.metric('onedata_polls_total'), config.latencyWindow]
        ),
      ],
    },
  ];
  local proxySlow = most(quantile, config.proxySlowSeconds);
  local overheadHigh = most(added, config.overheadHighSeconds);
  local trimmed(text) = std.rstripChars(text, '\n');
  local changes = 'changes(%s[%s])' % [q.metric('onedata_onepanel_up'), config.pathFlappingWindow];
  {
    name: 'quality',
    rules: records + [
      a.alert(
        'PathFlapping',
        'warning',
        'max by (job, target, node, path) (%s)\nand on (job, target, node, path) avg by (job, target, node, path) (%s >= bool %d) > 0.5' %
        [changes, changes, config.pathFlappingChanges] +
        '\nand on (job, target, path) %s == 1' % q.highestBy('job, target, path', 'onedata_path_expected') +
        q.unlessMuted(config.pathFlappingWindow),
        source=q.highest('onedata_onepanel_up', window=config.pathFlappingWindow),
        when='An expected path failed or recovered %d times within %s.' %
             [config.pathFlappingChanges, config.pathFlappingWindow],
        summary='The {{ $labels.path }} path of %s fails and recovers repeatedly' % a.subject,
        description='The {{ $labels.path }} path of %s changed {{ $value }} times in %s. ' %
                    [a.subject, config.pathFlappingWindow] +
                    'First step: check the reasons on the dashboard. If a service restarts repeatedly, read its log.',
      ),
      a.alert(
        'ProxySlow',
        'warning',
        trimmed(proxySlow) + q.whereExpected('proxy') + q.unlessMuted(config.latencyWindow),
        source=quantile,
        when='One in twenty `configuration` requests over the proxy takes more than %g s, of at least %d within %s.' %
             [config.proxySlowSeconds, config.latencyMinimumObservations, config.latencyWindow],
        summary='The proxy path of %s is slow' % a.subject,
        description='One in twenty requests over the proxy path of %s takes more than {{ $value | humanizeDuration }}. ' % a.subject +
                    'First step: compare with the direct path. If it is slow too, check Onepanel, otherwise the worker.',
      ),
      a.alert(
        'OverheadHigh',
        'warning',
        trimmed(overheadHigh) +
        '\nunless on (job, target, node) (\n%s)' % proxySlow +
        q.whereExpected('proxy') +
        q.unlessMuted(config.latencyWindow),
        source=added,
        when='The proxy adds more than %g s to `health` on average, of at least %d rounds within %s; ProxySlow does not fire.' %
             [config.overheadHighSeconds, config.latencyMinimumObservations, config.latencyWindow],
        summary='The proxy path of %s adds latency' % a.subject,
        description='The proxy path of %s takes {{ $value | humanizeDuration }} longer than the direct one. ' % a.subject +
                    'First step: check the load of the worker, which forwards every request.',
      ),
    ],
  }
