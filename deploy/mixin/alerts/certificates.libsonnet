// The end of certificates. That one is refused for another reason is a diagnosis.
function(config)
  local q = (import '../expressions.libsonnet')(config);
  local a = (import '../alert.libsonnet')(config);
  local certificates = (import '../certificates.libsonnet')(config);
  local overdue(severity, letsEncryptDays, otherDays, beyond) = a.alert(
    'CertificateRenewalOverdue',
    severity,
    certificates.between(letsEncryptDays, otherDays, beyond) + q.outsideMaintenance(),
    when="The certificate ends in less than %d days (of Let's Encrypt), %d days (of others)." %
         [letsEncryptDays, otherDays],
    summary='The certificate of {{ $labels.target }} was not renewed in time',
    description='The certificate {{ $labels.subject }} that {{ $labels.target }} serves ends in ' +
                '{{ $value | humanizeDuration }} (issuer {{ $labels.issuer }}). ' +
                'First step: see in Onepanel, under certificate, why the last renewal failed; of another issuer, order a new one.',
  );
  {
    name: 'onedata-certificates',
    rules: [
      overdue('warning', config.letsEncryptWarningDays, config.otherIssuerWarningDays, {
        letsEncrypt: config.letsEncryptCriticalDays,
        other: config.otherIssuerCriticalDays,
      }),
      overdue('critical', config.letsEncryptCriticalDays, config.otherIssuerCriticalDays, {
        letsEncrypt: 0,
        other: 0,
      }),
      a.alert(
        'CertificateExpired',
        'critical',
        certificates.expired + q.outsideMaintenance(),
        when='An expected path serves a certificate whose time is over.',
        summary='The certificate of {{ $labels.target }} has expired',
        description='The certificate {{ $labels.subject }} that {{ $labels.target }} serves has expired ' +
                    '(issuer {{ $labels.issuer }}): browsers and clients refuse it. ' +
                    'First step: renew it in Onepanel on port 9443; the direct path works without a valid certificate.',
      ),
    ],
  }
