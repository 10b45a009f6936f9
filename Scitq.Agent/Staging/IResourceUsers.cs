namespace Scitq.Agent.Staging;

/// <summary>Knows which attempts use a resource.</summary>
internal interface IResourceUsers
{
    /// <summary>How many attempts that are not over want this resource.</summary>
    int Count(string resource);
}
