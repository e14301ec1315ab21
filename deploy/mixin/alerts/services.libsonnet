// What Onepanel and the worker say of the services behind them, and of their own configuration.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);

  // `proxy_down` says already that the worker is down.
  local unlessProxyDown =
    '\nunless on (job, target, component) label_replace(%s, "component", "worker", "", "")' %
    q.diagnosed('proxy_down');
  local component = 'onedata_component_status';
  local healthy(labels) = q.shareOfAny(labels, component, 'status="healthy"');
  local serviceDown = healthy('job, target, component') + ' < 0.5';
  local moduleHas(status, labels) =
    '%s > 0.5' % q.shareOfAny(labels, 'onedata_worker_module_status', 'status="%s"' % status);
  // Of a worker that does not run every module is in error: that is said once, by ServiceUnhealthy.
  local unlessGone = '\nunless on (job, target, host) %s > 0.5' % q.shareOfAny(
    'job, target, host',
    'onedata_component_status',
    'component="worker",status=~"starting|stopping|stopped|missing|unreachable"'
  );
  // One dead Onepanel makes all say no: where `unhealthy` says that, what ran on its host is not said, too.
  local unlessHostIsAway =
    '\nunless on (job, target, component, host) (\n%s > 0.5\nand on (job, target) %s\n)' % [
      q.share('job, target, component, host', 'onedata_component_status', 'status="unreachable"'),
      q.diagnosed('unhealthy'),
    ];
  {
    name: 'services',
    rules: [
      a.alert(
        'ServiceDown',
        'critical',
        serviceDown + unlessProxyDown + q.unlessMuted(),
        source=q.highest(component),
        when='No host of the cluster has a healthy worker, manager or database.',
        summary='{{ $labels.target }} has no healthy {{ $labels.component }}',
        description='Onepanel of {{ $labels.target }} reports no healthy {{ $labels.component }} on any host. ' +
                    'First step: check its state on each host in Onepanel on port 9443, and start it there.',
      ),
      a.alert(
        'ServiceUnhealthy',
        'warning',
        healthy('job, target, component, host') + ' < 0.5' +
        '\nunless on (job, target, component) %s' % serviceDown +
        '\nunless on (job, target, component, host) label_replace(%s, "component", "worker", "", "")' %
        (moduleHas('error', 'job, target, host') + unlessGone) +
        unlessHostIsAway +
        q.unlessMuted(),
        source=q.highest(component),
        when='A worker, manager or database is not healthy on one host, but healthy on others.',
        summary='The {{ $labels.component }} of {{ $labels.target }} on {{ $labels.host }} is not healthy',
        description='Onepanel of {{ $labels.target }} reports the {{ $labels.component }} on {{ $labels.host }} as not healthy; ' +
                    'other hosts carry its load. First step: log in to that host and read the log of the service.',
      ),
      a.alert(
        'WorkerModuleError',
        'warning',
        moduleHas('error', 'job, target, host, module') + unlessGone + q.unlessMuted(),
        source=q.highest('onedata_worker_module_status'),
        when='The worker report contains a module with an error.',
        summary='Module {{ $labels.module }} of the worker of {{ $labels.target }} on {{ $labels.host }} is in error',
        description='The worker of {{ $labels.target }} on {{ $labels.host }} reports an error in {{ $labels.module }}. ' +
                    "First step: search the worker's log on that host for this module.",
      ),
      a.alert(
        'WorkerOutOfSync',
        'warning',
        moduleHas('out_of_sync', 'job, target, host, module') + q.unlessMuted(),
        source=q.highest('onedata_worker_module_status'),
        when='The worker report contains a module that is out of sync.',
        summary='Module {{ $labels.module }} of the worker of {{ $labels.target }} on {{ $labels.host }} is out of sync',
        description='The worker of {{ $labels.target }} on {{ $labels.host }} reports {{ $labels.module }} as out of sync ' +
                    'with the other nodes. First step: check the connections between the hosts of the cluster, and their clocks.',
      ),
      a.alert(
        'CredentialsRejected',
        'warning',
        // One exporter whose credential is rejected is enough: each has a file of its own.
        'min by (job, target, method) (%s) == 0' % q.highest('onedata_credentials_accepted') +
        q.unlessDiagnosed('unknown') +
        q.unlessMuted(),
        source=q.highest('onedata_credentials_accepted'),
        when='Onepanel rejects the token or the passphrase.',
        summary='{{ $labels.target }} rejects the {{ $labels.method }}',
        description='Onepanel of {{ $labels.target }} rejects the configured {{ $labels.method }}: ' +
                    'the state of its services may be unknown. First step: put a valid {{ $labels.method }} into its file.',
      ),
      a.alert(
        'DnsCheckFailed',
        'warning',
        q.shareOfAny(
          'job, target, check',
          'onedata_dns_check_status',
          'status=~"unresolvable|missing_records|bad_records"'
        ) + ' > 0.5' + q.unlessMuted(),
        source=q.highest('onedata_dns_check_status'),
        when='The DNS check of Onepanel reports wrong or missing records of the domain or of the zone.',
        summary='The DNS records of {{ $labels.target }} are wrong',
        description='The DNS check of {{ $labels.target }} reports wrong or missing records ({{ $labels.check }}). ' +
                    'First step: compare them with those that Onepanel recommends under DNS.',
      ),
      a.alert(
        'ConfigurationIncomplete',
        'warning',
        q.share('job, target', 'onedata_configuration_complete') + ' < 0.5' +
        q.unlessDiagnosed('proxy_down|proxy_broken|not_deployed') +
        q.unlessMuted(),
        source=q.highest('onedata_configuration_complete'),
        when='Onepanel returns only its reduced configuration, or a registered Oneprovider does not know its own name.',
        summary='Onepanel of {{ $labels.target }} returns only a part of its configuration',
        description='Onepanel of {{ $labels.target }} returns its reduced configuration: it has an internal error, or ' +
                    "cannot query its worker. First step: check the worker's state, then the log of Onepanel.",
      ),
    ],
  }
