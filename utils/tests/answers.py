"""What readers answer. RIGHT: bodies that must be accepted. WRONG: (part of the sentence they must get, body)."""

RIGHT = {
    "d_loss": [
        "return F.softplus(-d_real).mean() + F.softplus(d_fake).mean()",
        "return -(F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean())",
        """
        real = F.binary_cross_entropy_with_logits(d_real, torch.ones_like(d_real))
        return real + F.binary_cross_entropy_with_logits(d_fake, torch.zeros_like(d_fake))
        """,
        "return -F.logsigmoid(d_real).sum() / len(d_real) - (F.logsigmoid(d_fake) - d_fake).sum() / len(d_fake)",
    ],
    "g_loss": [
        "return F.softplus(-d_fake).mean()",
        "return -F.logsigmoid(d_fake).mean()",
        "return F.binary_cross_entropy_with_logits(d_fake, torch.ones_like(d_fake))",
        "return (torch.logaddexp(torch.zeros_like(d_fake), -d_fake)).sum() / d_fake.numel()",
    ],
    "d_step": [
        """
        loss = d_loss(D(x_real), D(x_fake.detach()))
        opt_D.zero_grad()
        loss.backward()
        opt_D.step()
        return loss
        """,
        """
        opt_D.zero_grad(set_to_none=False)
        x_fake = x_fake.detach()
        d_real, d_fake = D(x_real), D(x_fake)
        loss = d_loss(d_real, d_fake)
        loss.backward()
        opt_D.step()
        return loss.item()
        """,
        """
        for p in opt_D.param_groups[0]["params"]:
            p.grad = None
        loss = d_loss(D(x_real), D(x_fake.data))
        loss.backward()
        opt_D.step()
        return loss.detach()
        """,
        """
        loss = d_loss(*D(torch.cat([x_real, x_fake.detach()])).chunk(2))
        weights = opt_D.param_groups[0]["params"]
        for p, g in zip(weights, torch.autograd.grad(loss, weights)):
            p.grad = g
        opt_D.step()
        return loss
        """,
    ],
    "g_step": [
        """
        loss = g_loss(D(x_fake))
        opt_G.zero_grad()
        loss.backward()
        opt_G.step()
        return loss
        """,
        """
        opt_G.zero_grad()
        loss = g_loss(D(x_fake))
        loss.backward()
        opt_G.step()
        return loss.item()
        """,
        """
        d_fake = D(x_fake)
        loss = g_loss(d_fake)
        opt_G.zero_grad(set_to_none=False)
        loss.backward()
        opt_G.step()
        return loss.detach()
        """,
    ],
    "jacobian_norm": [
        "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1)",
        "return torch.func.vmap(torch.func.jacfwd(G))(z).square().sum((1, 2)).sqrt()",
        "return torch.stack([torch.autograd.functional.jacobian(G, row).norm() for row in z])",
        """
        z = z.detach().clone().requires_grad_()
        x = G(z)
        rows = [torch.autograd.grad(x[:, i].sum(), z, retain_graph=True)[0] for i in range(x.shape[1])]
        return torch.stack(rows, 1).flatten(1).norm(dim=1)
        """,
    ],
    "gradient_penalty": [
        """
        u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
        x = (u * x_real + (1 - u) * x_fake).requires_grad_()
        slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()
        """,
        """
        u = torch.rand_like(x_real.flatten(1)[:, :1])
        x = torch.lerp(x_real.flatten(1), x_fake.flatten(1), u).view_as(x_real).clone().requires_grad_()
        out = D(x)
        slope = torch.autograd.grad(out, x, torch.ones_like(out), create_graph=True)[0]
        norm = (slope.reshape(len(x), -1).pow(2).sum(1) + 1e-12).sqrt()
        return ((norm - 1) ** 2).mean()
        """,
        """
        u = torch.rand(x_real.shape[0])
        u = u.view(-1, *([1] * (x_real.ndim - 1))).expand_as(x_real)
        x = x_fake + u * (x_real - x_fake)
        x.requires_grad_(True)
        slope = torch.autograd.grad(D(x).mean() * len(x), x, create_graph=True)[0]
        return torch.mean((torch.linalg.vector_norm(slope.flatten(1), dim=1) - 1) ** 2)
        """,
    ],
    "project": [
        "return head(h)[:, 0] + (embed(y) * h).sum(1)",
        "return head(h).squeeze(1) + torch.einsum('bd,bd->b', embed(y), h)",
        "return F.linear(h, head.weight, head.bias).flatten() + (h[:, None] @ embed.weight[y][:, :, None]).flatten()",
    ],
    "inside": [
        """
        radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
        return (torch.cdist(x, support) < radius).any(1).float().mean()
        """,
        """
        d = torch.cdist(support, support)
        d.fill_diagonal_(float("inf"))
        radius = d.topk(k, dim=1, largest=False).values[:, -1]
        hits = torch.cdist(support, x) <= radius[:, None]
        return hits.any(0).double().mean()
        """,
        """
        radius = torch.cdist(support, support).sort(1).values[:, k]
        n = 0
        for point in x:
            n += bool(((support - point).norm(dim=1) < radius).any())
        return n / len(x)
        """,
    ],
}

PENALTY = "(slope.flatten(1).norm(dim=1) - 1).square().mean()"

WRONG = {
    "d_loss": [
        ("Its sign is turned", "return F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()"),
        ("Real and fake have changed places", "return F.softplus(d_real).mean() + F.softplus(-d_fake).mean()"),
        ("One sign is turned", "return F.softplus(-d_real).mean() - F.softplus(d_fake).mean()"),
        ("it needs log(1 - D)", "return F.softplus(-d_real).mean() + F.softplus(-d_fake).mean()"),
        ("It sums over the batch", "return F.softplus(-d_real).sum() + F.softplus(d_fake).sum()"),
        ("It is half", "return 0.5 * (F.softplus(-d_real).mean() + F.softplus(d_fake).mean())"),
        ("one mean over real and fake together",
         "return torch.cat([F.softplus(-d_real), F.softplus(d_fake)]).mean()"),
        ("The sigmoid is applied twice",
         "return F.softplus(-d_real.sigmoid()).mean() + F.softplus(d_fake.sigmoid()).mean()"),
        ("log(sigmoid(d)) rounds to log(0)",
         "return -d_real.sigmoid().log().mean() - (1 - d_fake.sigmoid()).log().mean()"),
        ("no gradient flows back", "return (F.softplus(-d_real).mean() + F.softplus(d_fake).mean()).detach()"),
        ("dtype torch.float64", "return (F.softplus(-d_real).mean() + F.softplus(d_fake).mean()).double()"),
        ("not finite", "return -d_real.log().mean() - (1 - d_fake).log().mean()"),
    ],
    "g_loss": [
        ("the saturating loss", "return F.logsigmoid(-d_fake).mean()"),
        ("That is D's term", "return F.softplus(d_fake).mean()"),
        ("Its sign is turned", "return F.logsigmoid(d_fake).mean()"),
        ("It sums over the batch", "return F.softplus(-d_fake).sum()"),
        ("Wasserstein loss", "return -d_fake.mean()"),
        ("The sigmoid is applied twice", "return F.softplus(-d_fake.sigmoid()).mean()"),
        ("log(sigmoid(d)) rounds to log(0)", "return -d_fake.sigmoid().log().mean()"),
        ("shape (3,), wanted ()", "return F.softplus(-d_fake)"),
        ("no gradient flows back", "return F.softplus(-d_fake.detach()).mean()"),
    ],
    "d_step": [
        ("the step reaches back into G", """
            loss = d_loss(D(x_real), D(x_fake))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("opt_D.zero_grad() comes before backward()", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            loss.backward()
            opt_D.step()
            return loss"""),
        ("first opt_D.zero_grad()", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            loss.backward()
            opt_D.zero_grad(set_to_none=False)
            opt_D.step()
            return loss"""),
        ("D has not moved", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            return loss"""),
        ("D has not moved", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            opt_D.step()
            return loss"""),
        ("Real and fake have changed places", """
            loss = d_loss(D(x_fake.detach()), D(x_real))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("D climbs its loss", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            (-loss).backward()
            opt_D.step()
            return loss"""),
        ("cuts x_fake off in place", """
            loss = d_loss(D(x_real), D(x_fake.detach_()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("only call it", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("it returns nothing", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()"""),
        ("does not use the loss that it is given", """
            loss = F.softplus(-D(x_real)).mean() + F.softplus(D(x_fake.detach())).mean()
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return loss"""),
        ("the loss it returns", """
            loss = d_loss(D(x_real), D(x_fake.detach()))
            opt_D.zero_grad()
            loss.backward()
            opt_D.step()
            return -loss"""),
    ],
    "g_step": [
        ("opt_G.zero_grad() comes before backward()", """
            loss = g_loss(D(x_fake))
            loss.backward()
            opt_G.step()
            return loss"""),
        ("first opt_G.zero_grad()", """
            loss = g_loss(D(x_fake))
            loss.backward()
            opt_G.zero_grad(set_to_none=False)
            opt_G.step()
            return loss"""),
        ("G has not moved", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            return loss"""),
        ("G climbs its loss", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            (-loss).backward()
            opt_G.step()
            return loss"""),
        ("only call it", """
            D.requires_grad_(False)
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("G has not moved", """
            loss = g_loss(D(x_fake.detach()))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("it returns nothing", """
            loss = g_loss(D(x_fake))
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()"""),
        ("does not use the loss that it is given", """
            loss = F.softplus(-D(x_fake)).mean()
            opt_G.zero_grad()
            loss.backward()
            opt_G.step()
            return loss"""),
        ("it gives", """
            loss = g_loss(D(x_fake.detach()) + 0 * x_fake.sum())
            opt_G.zero_grad()
            (3 * g_loss(D(x_fake))).backward()
            opt_G.step()
            return loss"""),
    ],
    "jacobian_norm": [
        ("That is its square", "return torch.func.vmap(torch.func.jacrev(G))(z).square().sum((1, 2))"),
        ("largest singular value",
         "return torch.linalg.matrix_norm(torch.func.vmap(torch.func.jacrev(G))(z), 2)"),
        ("One number for each z", "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1).mean()"),
        ("one axis only", "return torch.func.vmap(torch.func.jacrev(G))(z).norm(dim=1)"),
        ("one axis only", "return torch.func.vmap(torch.func.jacrev(G))(z).norm(dim=2)"),
        ("sum of absolute values", "return torch.func.vmap(torch.func.jacrev(G))(z).abs().sum((1, 2))"),
        ("which mixes all z", "return torch.func.jacrev(G)(z).norm().expand(len(z))"),
        ("outputs are summed before the derivative", """
            z = z.clone().requires_grad_()
            return torch.autograd.grad(G(z).sum(), z)[0].norm(dim=1)"""),
        ("should return a tensor", "return torch.func.vmap(torch.func.jacrev(G))(z).flatten(1).norm(dim=1).tolist()"),
        ("with a small network", """
            J = torch.func.jacrev(G)(z[0])
            return J.norm().expand(len(z))"""),
    ],
    "gradient_penalty": [
        (sentence, """
            shape = (len(x_real), *[1] * (x_real.dim() - 1))
            u = UUU
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return RRR""".replace("UUU", u).replace("RRR", result))
        for sentence, u, result in (
            ("must be uniform on [0, 1], torch.rand, not normal", "torch.randn(shape)", PENALTY),
            ("one axis only", "torch.rand(shape)", "(slope.norm(dim=1) - 1).square().mean()"),
            ("one axis only", "torch.rand(shape)", "(slope.norm(dim=-1) - 1).square().mean()"),
            ("one u for each image, of shape", "torch.rand_like(x_real)", PENALTY),
            ("all pairs use the same u", "torch.rand(1)", PENALTY),
            ("The square is missing", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).mean()"),
            ("pulls the slope to 0, as R1 does", "torch.rand(shape)", "slope.flatten(1).square().sum(1).mean()"),
            ("lacks its square root", "torch.rand(shape)", "(slope.flatten(1).square().sum(1) - 1).square().mean()"),
            ("The norm runs over the whole batch", "torch.rand(shape)", "(slope.norm() - 1).square()"),
            ("one-sided", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).relu().square().mean()"),
            ("It sums over the batch", "torch.rand(shape)", "(slope.flatten(1).norm(dim=1) - 1).square().sum()"),
            ("no gradient flows back", "torch.rand(shape)", PENALTY + ".detach()"))
    ] + [
        ("averaged before the derivative", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + (1 - u) * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).mean(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()"""),
        ("lie off the segments", """
            u = torch.rand(len(x_real), *[1] * (x_real.dim() - 1))
            x = (u * x_real + u * x_fake).requires_grad_()
            slope, = torch.autograd.grad(D(x).sum(), x, create_graph=True)
            return (slope.flatten(1).norm(dim=1) - 1).square().mean()"""),
    ],
    "project": [
        ("The label is not used", "return head(h)[:, 0]"),
        ("The head is not used", "return (embed(y) * h).sum(1)"),
        ("spreads over the batch", "return head(h) + (embed(y) * h).sum(1)"),
        ("Every label is multiplied with every image", "return head(h)[:, 0] + (embed(y) @ h.T).sum(1)"),
        ("mixes the images", "return head(h)[:, 0] + (embed(y) * h).sum()"),
        ("an inner product is a sum", "return head(h)[:, 0] + (embed(y) * h).mean(1)"),
        ("The match is subtracted", "return head(h)[:, 0] - (embed(y) * h).sum(1)"),
        ("added before the head", "return head(h + embed(y))[:, 0]"),
        ("laid on the product", "return head(h * embed(y))[:, 0]"),
        ("stops with RuntimeError", "return head(torch.cat([h, embed(y)], 1))[:, 0]"),
    ],
    "inside": [
        ("is the point itself, at distance 0", """
            radius = torch.cdist(support, support).kthvalue(k, dim=1).values
            return (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("share of balls that hold a point", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).any(0).float().mean()"""),
        ("share of pairs", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).float().mean()"""),
        ("not all", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius).all(1).float().mean()"""),
        ("x and support have changed places", """
            radius = torch.cdist(x, x).kthvalue(k + 1, dim=1).values
            return (torch.cdist(support, x) < radius).any(1).float().mean()"""),
        ("not the largest of all", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values.max()
            return (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("share outside", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return 1 - (torch.cdist(x, support) < radius).any(1).float().mean()"""),
        ("stops with RuntimeError", """
            radius = torch.cdist(support, support).kthvalue(k + 1, dim=1).values
            return (torch.cdist(x, support) < radius[:, None]).any(1).float().mean()"""),
        ("should return a tensor", "return 'all of them'"),
    ],
}
