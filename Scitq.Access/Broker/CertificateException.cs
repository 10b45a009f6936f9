using System.Security.Authentication;

namespace Scitq.Access.Broker;

/// <summary>A certificate was refused; the message says why, and fits into a sentence.</summary>
internal sealed class CertificateException(string message) : AuthenticationException(message);
