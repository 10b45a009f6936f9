using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Scitq.Fetch.Ftp;

/// <content>How a connection is secured: the control connection and its data connections, or none.</content>
internal sealed partial class FtpConnection
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Nothing more is sent on the data connection.</summary>
    public async Task EndAsync(Stream data, CancellationToken ct)
    {
        if (data is not FtpTlsStream secure) return;
        await _services.Idle.GuardAsync(async c =>
        {
            await secure.EndAsync(c);
            return true;
        }, ct);
    }

    private static bool WantsTls(FtpReply reply) => reply.Code switch
    {
        421 or 522 or 530 or 534 or 550 => reply.Text.Contains("TLS", StringComparison.OrdinalIgnoreCase)
            || reply.Text.Contains("SSL", StringComparison.OrdinalIgnoreCase)
            || reply.Text.Contains("encrypt", StringComparison.OrdinalIgnoreCase) || reply.Text.Contains("cleartext", StringComparison.OrdinalIgnoreCase),
        503 => reply.Text.Contains("AUTH", StringComparison.Ordinal),
        _ => false,
    };

    private async Task StartTlsAsync(string shown, CancellationToken ct)
    {
        var reply = await SendAsync("AUTH TLS", ct);
        if (reply.Code is >= 500 and not 530)
            throw new AccessDeniedException(
                $"{shown}: the server answered {reply.Shown} to AUTH TLS, so there is no secure way to log in, and no password was sent.");
        if (reply.Code != 234) throw reply.Fault(shown);
        await SecureAsync(ct);
        await ProtectAsync(shown, ct);
    }

    private async Task SecureAsync(CancellationToken ct)
    {
        _stream = await SecureAsync(_stream, ct);
        // What the server has sent in the clear behind its answer is not read: it may be anybody's.
        _lines = new FtpLines(_stream, _services.Idle);
        _secure = true;
    }

    /// <summary>Data, too.</summary>
    private async Task ProtectAsync(string shown, CancellationToken ct)
    {
        foreach (var command in (string[])["PBSZ 0", "PROT P"])
        {
            var answer = await SendAsync(command, ct);
            if (!answer.IsPositive) throw answer.Fault(shown);
        }
    }

    private async Task<Stream> SecureAsync(Stream plain, CancellationToken ct)
    {
        var secure = new FtpTlsStream(plain);
        await _services.Idle.GuardAsync(async c =>
        {
            await secure.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                    { TargetHost = (_session ??= SessionName.Of(_address.Host)).Text, CertificateChainPolicy = Chain(_options?.Authorities) }, c);
            return true;
        }, ct);
        return secure;
    }

    private static X509ChainPolicy? Chain(X509Certificate2Collection? authorities)
    {
        if (authorities is null) return null;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(ServerAuthentication);
        return policy;
    }
}
