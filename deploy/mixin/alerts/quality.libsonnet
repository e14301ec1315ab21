// Paths that work, but not well.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);

  local requests = 'onedata_onepanel_request_duration_seconds';
  local onProxy = 'operation="configuration",path="proxy"';
  local proxySlow = |||
    histogram_quantile(0.95, sum by (job, target, node, le) (rate(%(bucket)s[%(window)s]))) > %(limit)g
    and on (job, target, node) sum by (job, target, node) (increase(%(count)s[%(window)s])) >= %(least)d
  ||| % {
    bucket: q.metric(requests + '_bucket', onProxy),
    count: q.metric(requests + '_count', onProxy),
    window: config.latencyWindow,
    limit: config.proxySlowSeconds,
    least: config.latencyMinimumObservations,
  };
  local overheadHigh = |||
    avg by (job, target, node) (avg_over_time(%(overhead)s[%(window)s])) > %(limit)g
    and on (job, target) max by (job, target) (increase(%(polls)s[%(window)s])) >= %(least)d
  ||| % {
    overhead: q.metric('onedata_proxy_overhead_seconds'),
    polls: q.metric('onedata_polls_total'),
    window: config.latencyWindow,
    limit: config.overheadHighSeconds,
    least: config.latencyMinimumObservations,
  };
  local trimmed(text) = std.rstripChars(text, '\n');
  {
    name: 'onedata-quality',
    rules: [
      a.alert(
        'PathFlapping',
        'warning',
        'max by (job, target, node, path) (changes(%s[%s])) >= %d' %
        [q.metric('onedata_onepanel_up'), config.pathFlappingWindow, config.pathFlappingChanges] +
        '\nand on (job, target, path) %s == 1' % q.highestBy('job, target, path', 'onedata_path_expected') +
        q.outsideMaintenance(config.pathFlappingWindow),
        when='An expected path went up or down %d times within %s.' %
             [config.pathFlappingChanges, config.pathFlappingWindow],
        summary='The {{ $labels.path }} path of %s goes up and down' % a.subject,
        description='The {{ $labels.path }} path of %s changed {{ $value }} times in %s. ' %
                    [a.subject, config.pathFlappingWindow] +
                    'First step: see on the dashboard what fails each time; a service that restarts again and again says why in its log.',
      ),
      a.alert(
        'ProxySlow',
        'warning',
        trimmed(proxySlow) + q.whereExpected('proxy') + q.outsideMaintenance(config.latencyWindow),
        when='One in twenty `configuration` requests over the proxy takes more than %g s, of at least %d within %s.' %
             [config.proxySlowSeconds, config.latencyMinimumObservations, config.latencyWindow],
        summary='The proxy path of %s is slow' % a.subject,
        description='One in twenty requests over the proxy path of %s takes more than {{ $value | humanizeDuration }}. ' % a.subject +
                    'First step: compare with the direct path: if that is slow, too, look at Onepanel, else at the worker.',
      ),
      a.alert(
        'OverheadHigh',
        'warning',
        trimmed(overheadHigh) +
        '\nunless on (job, target, node) (\n%s)' % proxySlow +
        q.whereExpected('proxy') +
        q.outsideMaintenance(config.latencyWindow),
        when='The proxy adds more than %g s to `health` on average, of at least %d rounds within %s, and is not called slow.' %
             [config.overheadHighSeconds, config.latencyMinimumObservations, config.latencyWindow],
        summary='The proxy of %s adds much time' % a.subject,
        description='The proxy path of %s takes {{ $value | humanizeDuration }} longer than the direct one. ' % a.subject +
                    'First step: look at the load of the worker, which forwards every request.',
      ),
    ],
  }
