using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;

namespace Scitq.Access.Broker;

/// <summary>
/// How every connection to the broker is made, by whichever program and for whatever purpose. The libraries' own reading of
/// <c>amqps://</c> is not used: one takes any name on a certificate, the other any issuer, and TLS only on port 5671.
/// </summary>
public sealed class BrokerSettings
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private readonly CertificateCheck _check;
    private readonly X509Certificate2? _certificate;

    private BrokerSettings(BrokerAddress address, X509Certificate2Collection? authorities, X509Certificate2? certificate)
    {
        (Address, _certificate) = (address, certificate);
        _check = new CertificateCheck(address.Host, authorities);
    }

    /// <summary>How long one try to connect may take.</summary>
    public static TimeSpan ConnectTimeout { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the broker is.</summary>
    public BrokerAddress Address { get; }

    /// <summary>Puts the settings together.</summary>
    /// <param name="address"><c>amqp://</c> or <c>amqps://</c>.</param>
    /// <param name="authorities">A PEM file of the authorities that may have issued the broker's certificate; null for the machine's.</param>
    /// <param name="certificate">A PEM file with the program's own certificate, and with its key unless that has a file of its own.</param>
    /// <param name="key">The PEM file with its key.</param>
    /// <exception cref="ArgumentException">Something can't be used; the message is for the user.</exception>
    public static BrokerSettings Read(string address, string? authorities = null, string? certificate = null, string? key = null)
    {
        if (!BrokerAddress.TryParse(address, out var parsed, out var problem)) throw new ArgumentException($"the broker's address {problem}.");
        if (!parsed.IsSecure && (authorities ?? certificate ?? key) is not null)
            throw new ArgumentException("--bus-ca, --bus-cert and --bus-key are for TLS, and the broker's address begins with amqp://: make it amqps://.");
        if (key is not null && certificate is null) throw new ArgumentException("--bus-key needs --bus-cert, the certificate it belongs to.");
        return new BrokerSettings(parsed, Authorities(authorities), Certificate(certificate, key));
    }

    /// <summary>A factory of connections, for <see cref="BrokerConnection"/>: the library's own recovery is off.</summary>
    /// <param name="name">The name that the broker's administrator sees.</param>
    public ConnectionFactory Factory(string name)
    {
        var factory = new ConnectionFactory { ClientProvidedName = name, AutomaticRecoveryEnabled = false, TopologyRecoveryEnabled = false };
        Apply(factory);
        return factory;
    }

    /// <summary>Sets all that decides where to, as whom and how a factory connects.</summary>
    public void Apply(ConnectionFactory factory)
    {
        factory.HostName = Address.Host;
        factory.Port = Address.Port;
        factory.VirtualHost = Address.VirtualHost;
        factory.UserName = Address.User;
        factory.Password = Address.Password;
        factory.RequestedHeartbeat = Heartbeat;
        factory.RequestedConnectionTimeout = ConnectTimeout;
        factory.HandshakeContinuationTimeout = ConnectTimeout;
        // With a certificate and no user, the certificate is the user (RabbitMQ's plugin auth_mechanism_ssl).
        if (_certificate is not null && !Address.HasUser) factory.AuthMechanisms = [new ExternalMechanismFactory()];
        factory.Ssl = new SslOption { Enabled = Address.IsSecure };
        if (!Address.IsSecure) return;
        factory.Ssl.ServerName = Address.Host;
        factory.Ssl.Version = SslProtocols.Tls12 | SslProtocols.Tls13;
        factory.Ssl.AcceptablePolicyErrors = SslPolicyErrors.None;
        factory.Ssl.CertificateValidationCallback = (_, certificate, chain, errors) => _check.Passes(certificate, chain, errors);
        if (_certificate is not null) factory.Ssl.Certs = new X509Certificate2Collection(_certificate);
    }

    private static X509Certificate2Collection? Authorities(string? file)
    {
        if (file is null) return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"--bus-ca '{file}' can't be read: {e.Message}", e);
        }

        return authorities.Count > 0 ? authorities : throw new ArgumentException($"--bus-ca '{file}' holds no certificate in PEM form.");
    }

    private static X509Certificate2? Certificate(string? file, string? key)
    {
        if (file is null) return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(file, key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"--bus-cert '{file}'{(key is null ? "" : $" with --bus-key '{key}'")} can't be used: {e.Message}", e);
        }
    }
}
