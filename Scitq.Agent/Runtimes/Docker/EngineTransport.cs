using Docker.DotNet.Handler.Abstractions;
using Docker.DotNet.NativeHttp;
using Microsoft.Extensions.Logging;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The library's transport by .NET's own HTTP client, but for the streams of containers: <see cref="AttachedStream"/>.</summary>
internal sealed class EngineTransport : IDockerHandlerFactory<NativeHttpTransportOptions>
{
    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger) =>
        DockerHandlerFactory.Instance.CreateHandler(clientOptions, logger);

    public ResolvedTransport CreateHandler(NativeHttpTransportOptions transportOptions, ResolvedClientOptions clientOptions, ILogger logger) =>
        DockerHandlerFactory.Instance.CreateHandler(transportOptions, clientOptions, logger);

    public async Task<WriteClosableStream> HijackStreamAsync(HttpContent content) => new AttachedStream(await content.ReadAsStreamAsync());
}
