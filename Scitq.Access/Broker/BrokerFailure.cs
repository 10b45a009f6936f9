using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Scitq.Access.Broker;

/// <summary>Why a connection to the broker, or something asked of it, failed: one sentence for the person who can mend it.</summary>
public static partial class BrokerFailure
{
    private const string NoHandshake = "the broker ended the connection before AMQP was spoken: it may want a certificate of ours (--bus-cert FILE)";
    private const int AccessRefused = 403, NotFound = 404, NotAllowed = 530;
    private const int ExchangeClass = 40, QueueClass = 50, BasicClass = 60;
    private const int Declare = 10, Publish = 40;

    /// <summary>The reason, without the broker's address, and a final full stop.</summary>
    public static string Reason(Exception failure, BrokerSettings broker)
    {
        var causes = Causes(failure).ToList();
        var reason = causes.Select(c => Certain(c, broker.Address)).FirstOrDefault(r => r is not null)
            ?? causes.Select(c => Likely(c, broker.Address)).FirstOrDefault(r => r is not null)
            // How a refused handshake ends differs from one time to the next.
            ?? (broker.Address.IsSecure && causes.Any(c => c is BrokerUnreachableException)
                ? $"{NoHandshake} ({causes[^1].Message.TrimEnd('.', ' ')})"
                : causes[^1].Message);
        return reason.TrimEnd('.', ' ') + ".";
    }

    /// <summary>Why a connection or channel that was there is no more.</summary>
    public static string Reason(ShutdownEventArgs shutdown, BrokerSettings broker) =>
        shutdown.Initiator == ShutdownInitiator.Peer
            ? Reason(new OperationInterruptedException(shutdown), broker)
            : $"the connection broke ({(shutdown.Exception?.GetBaseException().Message ?? shutdown.ReplyText).TrimEnd('.', ' ')}).";

    /// <summary>The reason when nothing comes from the broker.</summary>
    public static string Silence(BrokerSettings broker) => Silence(broker.Address) + ".";

    /// <summary>Whether the broker does not know what was asked for.</summary>
    public static bool IsMissing(Exception failure) => Causes(failure).Any(c => c is OperationInterruptedException { ShutdownReason.ReplyCode: NotFound });

    /// <summary>Whether the broker knows us and does not let us: asking again changes nothing until somebody grants it.</summary>
    public static bool IsDenied(Exception failure) =>
        Causes(failure).Any(c => c is AuthenticationFailureException or PossibleAuthenticationFailureException
            or OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused or NotAllowed });

    /// <summary>Whether we refuse the broker, or it does not speak TLS although the address asks for it: trying again changes nothing.</summary>
    public static bool IsUnsafe(Exception failure, BrokerSettings broker) =>
        Causes(failure).Any(c => c is CertificateException || (broker.Address.IsSecure && c is AuthenticationException or IOException && IsPlain(c)));

    private static IEnumerable<Exception> Causes(Exception failure)
    {
        yield return failure;
        var inner = failure is AggregateException many ? many.InnerExceptions : failure.InnerException is { } one ? [one] : (IEnumerable<Exception>)[];
        foreach (var cause in inner.SelectMany(Causes)) yield return cause;
    }

    private static string? Certain(Exception cause, BrokerAddress broker) => cause switch
    {
        CertificateException => cause.Message,
        AuthenticationFailureException or PossibleAuthenticationFailureException =>
            broker.HasUser
                ? $"user '{broker.User}' is refused: wrong user or password"
                : "no user is in the broker's address, and without one none is let in (amqp://user:password@host)",
        OperationInterruptedException { ShutdownReason: { } closed } => Closed(closed.ReplyCode, closed.ClassId, closed.MethodId, closed.ReplyText, broker),
        SocketException socket => socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => $"nothing listens at {broker.Host}:{broker.Port}",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"the host '{broker.Host}' is not known",
            SocketError.NetworkUnreachable or SocketError.HostUnreachable => $"there is no way to {broker.Host}",
            _ => null,
        },
        _ => null,
    };

    private static string? Likely(Exception cause, BrokerAddress broker) => cause switch
    {
        AuthenticationException or IOException when broker.IsSecure && IsPlain(cause) =>
            $"no TLS is spoken at port {broker.Port}: give the port of the broker's TLS listener (usually 5671)",
        AuthenticationException => $"TLS could not be agreed on ({cause.GetBaseException().Message}): it may want a certificate of ours (--bus-cert FILE)",
        IOException when broker.IsSecure && cause.ToString().Contains("alert", StringComparison.OrdinalIgnoreCase) =>
            $"the broker refuses TLS with us ({cause.GetBaseException().Message}): it may want a certificate of ours (--bus-cert FILE)",
        PacketNotRecognizedException or MalformedFrameException or EndOfStreamException or SocketException { SocketErrorCode: SocketError.ConnectionReset }
            when !broker.IsSecure =>
            $"the connection ended before AMQP was spoken: if port {broker.Port} is one of TLS, the address must begin with amqps://",
        EndOfStreamException or SocketException { SocketErrorCode: SocketError.ConnectionReset } =>
            NoHandshake,
        TimeoutException or OperationCanceledException => Silence(broker),
        _ => null,
    };

    private static string Silence(BrokerAddress broker) => $"{broker.Host}:{broker.Port} does not answer";

    private static bool IsPlain(Exception cause) =>
        cause.Message.Contains("frame size", StringComparison.OrdinalIgnoreCase)
        || cause.ToString().Contains("wrong version number", StringComparison.OrdinalIgnoreCase)
        || cause.ToString().Contains("packet length", StringComparison.OrdinalIgnoreCase);

    private static string? Closed(int code, int classId, int methodId, string text, BrokerAddress broker)
    {
        if (code == AccessRefused && Refused().Match(text) is { Success: true } refused)
        {
            var (kind, name) = (refused.Groups["kind"].Value, refused.Groups["name"].Value);
            return $"the broker's user '{broker.User}' may not {Verb(classId, methodId, kind)} {kind} '{name}' in virtual host '{broker.VirtualHost}': "
                + "grant it (rabbitmqctl set_permissions, see docs/operations/security.md)";
        }

        return code switch
        {
            // The broker repeats names and limits, which says it best: "vhost x not found", "connection limit (1) is reached".
            NotAllowed => $"the broker does not let us in: {Unprefixed(text)}",
            NotFound => $"the broker has {Unprefixed(text)}",
            AccessRefused => $"the broker refuses: {Unprefixed(text)}",
            _ => $"the broker closed it: {Unprefixed(text)}",
        };
    }

    private static string Verb(int classId, int methodId, string kind) => (classId, methodId) switch
    {
        (BasicClass, Publish) => "write to",
        (BasicClass, _) => "read",
        (ExchangeClass or QueueClass, Declare) => "configure",
        (QueueClass, _) => kind == "exchange" ? "read" : "write to",
        _ => "use",
    };

    private static string Unprefixed(string text) => Prefix().Replace(text, "");

    [GeneratedRegex("access to (?<kind>exchange|queue) '(?<name>[^']*)' in vhost")]
    private static partial Regex Refused();

    [GeneratedRegex("^[A-Z_]+ - ")]
    private static partial Regex Prefix();
}
