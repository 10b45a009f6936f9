using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Reuse;

/// <summary>Stands for all that the result of a task depends on: the same parts, the same key.</summary>
internal sealed record CacheKey(string Text, IReadOnlyList<CachePart> Parts)
{
    private const int Longest = 200;

    public static CacheKey Of(IReadOnlyList<CachePart> parts)
    {
        // Sizes are in the values; where data lies does not matter. The first line changes when the parts do.
        var lines = JsonSerializer.SerializeToUtf8Bytes(parts.Select(p => new[] { p.Name, p.Value }).Prepend(["scitq", "1"]), ScitqJson.Bus);
        return new CacheKey(Convert.ToHexStringLower(SHA256.HashData(lines)), parts);
    }

    /// <summary>A part that is a text; a long one by its digest.</summary>
    public static CachePart Part(string name, string text) =>
        new(name, text.Length <= Longest ? text : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
