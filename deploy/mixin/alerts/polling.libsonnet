// Is every target polled, and do the exporters that poll it agree?
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local interval = 'onedata_poll_interval_seconds';
  local by(name) = q.highestBy('job, instance, target', name);

  // How many of its own intervals before the latest scrape an exporter finished the last round of a target, or loaded
  // its configuration where it has finished none. The time since that scrape is not the exporter's: it can be a minute.
  local age = 'job_instance_target:onedata_poll_age:intervals';
  local ages = |||
    %(attempt)s / %(interval)s
    or on (job, instance, target) (
      1 / %(interval)s * on (job, instance) group_left () %(loaded)s
      and on (job, instance, target) %(polls)s == 0
    )
    or on (job, instance, target) (%(polls)s == 0) + Inf
  ||| % {
    attempt: q.ageBy('job, instance, target', 'onedata_poll_last_attempt_timestamp_seconds'),
    interval: by(interval),
    polls: by('onedata_polls_total'),
    loaded: q.ageBy('job, instance', 'onedata_exporter_config_last_reload_success_timestamp_seconds'),
  };
  local fresh = 'on (job, target) min_over_time(%s[%s]) <= %d' % [age, config.window, config.stalledIntervals];
  local pollingStalled(severity, filter, when, effect) = a.alert(
    'PollingStalled',
    severity,
    '%s > %d\n%s %s' % [age, config.stalledIntervals, filter, fresh] + q.unlessMuted(),
    source=age,
    dashboard='exporter',
    when='No round of a target was finished for %d of its own intervals, or none since the start%s.' %
         [config.stalledIntervals, when],
    summary='{{ $labels.target }} is no longer polled by {{ $labels.instance }}',
    description='{{ $labels.instance }} finishes no more rounds of {{ $labels.target }}' + effect +
                'First step: read the log of the exporter, then restart it.',
  );
  local watched = 'group by (job, target) (%s)';
  {
    name: 'polling',
    rules: [
      { record: age, expr: ages },
      pollingStalled(
        'critical',
        'unless',
        '',
        ', and no other exporter does: an outage goes unnoticed. ',
      ),
      pollingStalled(
        'warning',
        'and',
        ', while another exporter polls it',
        '; another exporter does. ',
      ),
      a.alert(
        'TargetUnwatched',
        'warning',
        '%s\nunless on (job, target) %s' % [
          watched % q.highest(interval, window=config.watchedWindow),
          q.highest(interval),
        ] + q.unlessMuted(config.watchedWindow),
        source=q.highest(interval, window=config.watchedWindow),
        dashboard='exporter',
        when='An exporter polled the target within %s, and none does now.' % config.watchedWindow,
        summary='{{ $labels.target }} is no longer polled',
        description='No exporter that answers polls {{ $labels.target }} any more: an outage would not be detected. ' +
                    'First step: if it was not removed on purpose, find the missing exporter or shard.',
      ),
      a.alert(
        'PartialView',
        'info',
        '%s > 0 < 1' % q.recorded.ok + q.unlessMuted(),
        source=q.recorded.ok,
        when='Some exporters observe an outage of the target, others do not.',
        summary='Exporters disagree about %s' % a.subject,
        description='{{ $value | humanizePercentage }} of the exporters that poll %s report it as ok, the others do not. ' % a.subject +
                    'First step: check the network between the target and the exporters that observe an outage.',
      ),
    ],
  }
