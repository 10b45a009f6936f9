using System.Security.Cryptography;
using Scitq.Contracts;

namespace Scitq.Coordinator.Api;

/// <summary>The token of a coordinator that was given none: made at its first start, and kept in its data directory.</summary>
internal static class OwnToken
{
    /// <exception cref="ArgumentException">The file there can't be trusted.</exception>
    public static string ReadOrMake(string path)
    {
        if (!File.Exists(path)) SecretFile.Write(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n", replace: false);
        return SecretFile.Read(path, mine: true);
    }
}
