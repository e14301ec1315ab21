// The end of certificates, and their renewal. That one is refused for another reason is a diagnosis.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local certificates = (import '../certificates.libsonnet')(config);
  local words(limit) = '%s of its lifetime, and less than %d days' % [
    if limit.share == 1 / 3 then 'a third' else '%.4g %%' % (100 * limit.share),
    limit.days,
  ];
  local overdue(severity, limit, filter) = a.alert(
    'CertificateRenewalOverdue',
    severity,
    certificates.near(limit) + filter + q.unlessMuted(),
    source=certificates.remaining,
    when='The certificate, or one of its chain, expires in less than %s.' % words(limit),
    summary='The certificate of {{ $labels.target }} was not renewed in time',
    description='The certificate that {{ $labels.target }} serves, or one of its chain, expires in ' +
                '{{ $value | humanizeDuration }}. ' +
                "First step: check the renewal on the target's page, or in Onepanel under certificate.",
  );
  // Behind one name in ten minutes, and of nodes that are polled one by one.
  local served = q.highest('onedata_tls_certificates_served');
  local byNode = 'count by (job, instance, target, path) (count by (job, instance, target, path, fingerprint_sha256) (%s))' %
                 q.latest('onedata_tls_certificate_info');
  local differing(count) = 'max by (job, target) (%s) > 1' % count;
  local web(what) = 'onedata_web_certificate_' + what;
  local renewalFails = |||
    (
      %(state)s > 0.5
      or on (job, target) %(near)s > 0.5 and on (job, target) %(on)s == 1
      or on (job, target) %(failure)s > %(success)s
    )
  ||| % {
    state: q.shareOfAny('job, target', web('renewal'), 'status=~"failing|job_lost|stuck|worker_down"'),
    near: q.share('job, target', web('status'), 'status="near_expiration"'),
    on: q.highestBy('job, target', web('lets_encrypt')),
    failure: q.highestBy('job, target', web('last_renewal_failure_timestamp_seconds')),
    success: q.highestBy('job, target', web('last_renewal_success_timestamp_seconds')),
  };
  local renewalSource = std.join(' or ', [
    q.highest(web(what))
    for what in ['renewal', 'status', 'last_renewal_failure_timestamp_seconds']
  ]);
  {
    name: 'certificates',
    rules: certificates.records + [
      overdue(
        'warning',
        config.certificateWarning,
        '\nunless on (job, target) (\n%s)' % certificates.near(config.certificateCritical),
      ),
      overdue(
        'critical',
        config.certificateCritical,
        '\nunless on (job, target) (\n%s)' % certificates.expired,
      ),
      a.alert(
        'CertificateExpired',
        'critical',
        certificates.expired + q.unlessMuted(),
        source=certificates.remaining,
        when='An expected path serves a certificate that has expired, or one of its chain has.',
        summary='The certificate of {{ $labels.target }} has expired',
        description='The certificate that {{ $labels.target }} serves, or one of its chain, has expired: ' +
                    'browsers and clients reject it. ' +
                    'First step: renew it in Onepanel on port 9443. The direct path works without a valid certificate.',
      ),
      a.alert(
        'CertificateRenewalFailing',
        'warning',
        std.rstripChars(renewalFails, '\n') + q.unlessMuted(),
        source=renewalSource,
        when="Onepanel's renewal of the certificate fails, is stuck, or is not tried.",
        summary='The renewal of the certificate of {{ $labels.target }} fails',
        description='Onepanel of {{ $labels.target }} should renew its certificate of Let\'s Encrypt, and does not. ' +
                    "First step: check the renewal on the target's page: it names port 80, DNS, the worker or a missing job.",
      ),
      a.alert(
        'CertificatesDiffer',
        'warning',
        '(\n  %s\n  or %s\n)' % [differing(each) for each in [served, byNode]] + q.unlessMuted(),
        source=q.highest('onedata_tls_certificates_served'),
        when='One path of the target serves different certificates, in turn or on its nodes.',
        summary='The nodes of {{ $labels.target }} serve different certificates',
        description='{{ $labels.target }} serves {{ $value }} different certificates over one path: ' +
                    'a node was left out of the last renewal. ' +
                    "First step: compare the nodes' certificates, and restart Onepanel on the node that serves the old one.",
      ),
    ],
  }
