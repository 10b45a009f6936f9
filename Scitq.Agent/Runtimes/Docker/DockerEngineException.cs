using System.Net;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The engine answered with an error; the message is its own.</summary>
internal sealed class DockerEngineException(HttpStatusCode status, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    public bool NotFound => Status == HttpStatusCode.NotFound;
}
