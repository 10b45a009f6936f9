using System.Security.Cryptography;
using System.Text;
using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Access;

/// <summary>The token that clients must present; where none was given, one that was made at the first start and is kept in the data directory.</summary>
/// <exception cref="ArgumentException">The file there can't be trusted.</exception>
internal sealed class ApiToken(ApiOptions api, CoordinatorOptions coordinator)
{
    private readonly byte[]? _hash = api.NoToken ? null : SHA256.HashData(Encoding.UTF8.GetBytes(api.Token ?? ReadOrMake(coordinator.OwnTokenFile)));

    /// <summary>Whether clients must present it; otherwise every account of this machine is answered.</summary>
    public bool IsNeeded => _hash is not null;

    /// <summary>The file of the coordinator's own token; null when it was given one, or needs none.</summary>
    public string? OwnFile { get; } = api.NoToken || api.Token is not null ? null : coordinator.OwnTokenFile;

    /// <summary>Whether that is the token, in a time that does not tell how much of it is right.</summary>
    public bool Is(string presented) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), _hash);

    private static string ReadOrMake(string path)
    {
        if (!File.Exists(path)) SecretFile.Write(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n", replace: false);
        return SecretFile.Read(path, mine: true);
    }
}
